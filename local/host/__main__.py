"""`python -m local.host`: see the package's docstring."""

import argparse
import asyncio
import sys
from pathlib import Path

from local.host.app_loader import load_functions
from local.host.easy_auth import enable_for_local_user
from local.host.errors import HostStartError
from local.host.host import Host
from local.host.host_json import load_host_json
from local.host.indexing import index_functions
from local.host.logs import configure_logging
from local.host.server import listen, serve
from local.host.settings import load_host_settings, load_local_settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local.host", description="Run the Functions app locally."
    )
    parser.add_argument(
        "--port", type=int, help="default: Host.LocalHttpPort of local.settings.json, else 7071; 0: any"
    )
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument(
        "--app", type=Path, default=Path(), help="folder of function_app.py (default: this one)"
    )
    arguments = parser.parse_args()
    try:
        asyncio.run(_run(arguments))
    except HostStartError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 1
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    app_dir = arguments.app.resolve()
    local_settings = load_local_settings(app_dir)
    host_json = load_host_json(app_dir)
    configure_logging(host_json.log_level)
    settings = load_host_settings(app_dir)
    local_user = enable_for_local_user()
    port = arguments.port if arguments.port is not None else local_settings.port or 7071
    listener = listen(arguments.host or local_settings.address or "127.0.0.1", port)
    functions = index_functions(load_functions(app_dir), host_json.http.route_prefix)
    host = Host(functions, app_dir, settings, host_json, local_user)
    await serve(host, listener, local_settings)


if __name__ == "__main__":
    sys.exit(main())
