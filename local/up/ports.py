"""TCP ports of the loopback address."""

import secrets
import socket
import sys

LOOPBACK = "127.0.0.1"
_RANGE = range(15_000, 32_000)
"""Linux hands out 32768 and above, Windows and macOS 49152 and above."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # as servers do; on Windows the option would let two of them share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on, below those that systems give to outgoing connections.

    One of those could be taken by anybody's connection before our server listens on it, or while it restarts.
    """
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_RANGE)
        if port not in found and is_free(port):
            found.append(port)
    return found
