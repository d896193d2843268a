"""The HTTP contract: what requests may hold, what answers look like, and the description generated from both."""
