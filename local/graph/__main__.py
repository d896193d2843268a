"""`python -m local.graph`: the simulator as a process of its own."""

import argparse

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.graph.app import DEFAULT_SECRET, DROP, GraphApp


class DroppableProtocol(HttpToolsProtocol):
    """Lets the application close a connection without an answer, as a broken network does."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {DROP: self._drop}}

    def _drop(self) -> None:
        self.transport.abort()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.graph", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7072)
    parser.add_argument("--seed", type=int, default=1, help="seed of every id, name and shuffle")
    parser.add_argument("--tenant", choices=("default", "empty"), default="default")
    parser.add_argument("--client-secret", default=DEFAULT_SECRET, help="the secret the token endpoint takes")
    parser.add_argument("--cert", help="certificate file: serve https")
    parser.add_argument("--key", help="private key file of --cert")
    arguments = parser.parse_args()
    if bool(arguments.cert) != bool(arguments.key):
        parser.error("--cert and --key belong together")
    return arguments


def main() -> None:
    arguments = _arguments()
    config = uvicorn.Config(
        GraphApp(arguments.tenant, arguments.seed, arguments.client_secret),
        host=arguments.host,
        port=arguments.port,
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=120,  # as Graph's front end: a client never meets a connection that is just closing
        server_header=False,
        ssl_certfile=arguments.cert,
        ssl_keyfile=arguments.key,
    )
    scheme = "https" if arguments.cert else "http"
    print(f"Graph simulator: {scheme}://{arguments.host}:{arguments.port}/v1.0", flush=True)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
