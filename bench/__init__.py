"""The measures of the project: `python dev.py bench`. Each module measures one thing on real processes.

`stage` starts Azurite, the simulator and hosts and runs a job on them; `storage_log` and `memory` watch them;
`measure` is what comes out. The public clients of `side_by_side` live in an environment of their own.
"""
