"""The local Azure Functions host: runs the app at the repository root the way `func start` does.

One process, one event loop, one pool of threads for plain functions. Start it with
`python -m local.host --port 7071`. What it copies from Azure, and where it differs on purpose, is said in
the docstring of the module that does it.
"""
