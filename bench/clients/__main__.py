"""`python -m bench.clients NAME --endpoint URL --group ID --warm-up ID --sku ID`: do the job once.

First it does it for the group `--warm-up`, which loads the library, prints `ready` and waits for a line; then it
does it for the group and prints what that took as JSON.
"""

import argparse
import importlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import requests

from bench.clients.names import CLIENTS
from bench.clients.task import Task


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.clients")
    parser.add_argument("name", choices=CLIENTS)
    for option in ("endpoint", "group", "warm-up", "sku"):
        parser.add_argument(f"--{option}", required=True)
    options = parser.parse_args()
    client = CLIENTS[options.name]
    module = importlib.import_module(f"bench.clients.{client.module}")
    run = cast(Callable[[Task], int], getattr(module, client.function))
    warm_up = Task(options.endpoint, _token(options.endpoint), options.warm_up, options.sku)
    run(warm_up)
    print("ready", flush=True)
    input()
    task = replace(warm_up, group_id=options.group)
    began = time.monotonic()
    given_up = run(task)
    print(json.dumps({"seconds": time.monotonic() - began, "givenUp": given_up}))


def _token(endpoint: str) -> str:
    """From the simulator's managed identity endpoint."""
    root = endpoint.rpartition("/")[0]
    query = "api-version=2019-08-01&resource=https://graph.microsoft.com"
    answer = requests.get(f"{root}/msi/token?{query}", headers={"X-IDENTITY-HEADER": "x"}, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


if __name__ == "__main__":
    main()
