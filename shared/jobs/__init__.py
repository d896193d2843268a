"""The life of a job: submit, begin, expand, fan out, run, settle; start, cancel, watch."""
