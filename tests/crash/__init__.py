"""Hosts that die, storage that breaks, messages that come twice or late: nothing lost, nothing twice.

The long form is `tests/chaos`.
"""
