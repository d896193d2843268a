"""`dev.py up`: the whole system on this machine, without Azure."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from local.up import example
from local.up.azurite import StoragePorts
from local.up.child import ChildEndedError
from local.up.lock import FileLock
from local.up.ports import free_ports, is_free
from local.up.services import Addresses, services
from local.up.session import Session, StoppedError
from local.up.toolchain import Toolchain

HOST_PORT = 7071
GRAPH_PORT = 7072


class UpError(Exception):
    """The system cannot run; one line that says why."""


@dataclass(frozen=True)
class UpOptions:
    """What the caller asked for; a port that is None is ours to choose."""

    port: int | None = None
    graph_port: int | None = None
    blob_port: int | None = None
    queue_port: int | None = None
    table_port: int | None = None
    fresh: bool = False
    verbose: bool = False


def up(toolchain: Toolchain, options: UpOptions) -> int:
    """Run the system until asked to end (0); raises `UpError` if it cannot start or a part of it dies."""
    local = toolchain.root / ".local"
    data = local / "azurite"
    lock = FileLock(local / "up.lock")
    if not lock.try_acquire():
        raise UpError("another `up` runs on this checkout, whose storage can serve only one; end that first")
    addresses = choose_addresses(options)
    if options.fresh:
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    # The guards hold the lock too: after a SIGKILL of this process it is free once the last child has ended.
    with Session(held_open=[lock.descriptor]) as session:
        try:
            run(session, toolchain, addresses, data, verbose=options.verbose)
        except StoppedError:
            return 0
        except ChildEndedError as error:
            raise UpError(str(error)) from error


def run(
    session: Session, toolchain: Toolchain, addresses: Addresses, data: Path, *, verbose: bool
) -> NoReturn:
    """Start everything, say where it is, and wait for the end."""
    azurite, graph, host = services(toolchain, addresses, data, os.environ, verbose=verbose)
    session.start(azurite)
    session.start(graph)
    session.wait_until_ready(azurite)
    session.wait_until_ready(graph)
    session.start(host)
    session.wait_until_ready(host)
    print(banner(addresses, data), flush=True)
    session.wait()


def choose_addresses(options: UpOptions) -> Addresses:
    """The ports asked for, the usual or free ones; raises `UpError` if one that was asked for is taken."""
    storage = (options.blob_port, options.queue_port, options.table_port)
    asked = [port for port in (options.port, options.graph_port, *storage) if port is not None]
    for port in asked:
        if asked.count(port) > 1:
            raise UpError(f"port {port} is given twice")
        if not is_free(port):
            raise UpError(f"port {port} is taken: end what listens there, or choose another")
    spare = iter([port for port in free_ports(len(asked) + 5) if port not in asked])

    def usual(port: int) -> int:
        return port if port not in asked and is_free(port) else next(spare)

    return Addresses(
        options.port or usual(HOST_PORT),
        options.graph_port or usual(GRAPH_PORT),
        StoragePorts(*(port or next(spare) for port in storage)),
    )


def banner(addresses: Addresses, data: Path) -> str:
    """Where everything is, and a first request to try."""
    storage = addresses.storage
    return f"""
The system is ready. Ctrl-C ends it.
  portal     {addresses.host}/portal/
  API        {addresses.host}/api/
  simulator  {addresses.graph}/v1.0 (control: {addresses.graph}/_control)
  storage    blob {storage.blob}, queue {storage.queue}, table {storage.table}; data in {data}

{first_request(addresses.host)}
"""


def first_request(host: str) -> str:
    """A request to paste, or why there is none."""
    try:
        body = example.assign_request(host)
    except OSError as error:
        return f"No example of a request: the app answered {error}"
    if body is None:
        return "No example of a request: the tenant has no groups, or no licence with a free unit"
    request = example.curl(f"{host}/api/jobs", body)
    return f"Assign a licence to the users of some groups, then watch the job in the portal:\n  {request}"
