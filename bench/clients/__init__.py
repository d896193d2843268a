"""Public clients of Graph doing our job. They run in an environment of their own: `bench/requirements.txt`.

`python -m bench.clients NAME ...` prints one line of JSON. Each uses its library as its documentation shows it, with
what the library offers for throttling, and where it offers nothing waits as Graph asks (`Retry-After`).
"""
