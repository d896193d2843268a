"""Files for people: who holds what, and what a job did to whom.

    cells       texts made fit for a cell, and what a cell may hold
    tables      columns with their titles, JSON names and widths
    xlsx_file   sheets; csv_file and json_file: the same rows as text
    names       names of licenses and of the groups that give them
    license_rows, summary    what an export shows of a user, and of all
    report      what a job did, user by user
    content     an export or a report in one of the formats
    blobs       files in Storage
    exporter    the step of an export job that writes the file and stores it

Rows go to the disk as they are made: memory does not grow with the number of users.
"""
