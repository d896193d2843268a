"""The HTTP contract: what requests may hold, what answers look like, and OpenAPI made from both."""
