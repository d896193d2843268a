"""The HTTP API from outside: every route, every declared answer, every limit."""
