"""The long form of `tests/crash`: `python dev.py chaos --kills 100 --seed 1`.

Jobs over 2,000 users run on two hosts, while these are killed, storage goes away and breaks, and Graph fails. After
each job an independent check compares what the simulator saw with what the job tells.
"""
