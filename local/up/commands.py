"""The commands of `dev.py`."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.up.install import InstallError, install
from local.up.toolchain import Toolchain
from local.up.up import UpError, UpOptions, up

ROOT = Path(__file__).resolve().parents[2]
FAILED = 1
INTERRUPTED = 128 + signal.SIGINT

PASSED_ON = {"test", "bench", "chaos"}
CHECKS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
}


def main(arguments: Sequence[str]) -> int:
    """Carry out one command line of `dev.py` and return its exit code."""
    parser = build_parser()
    # What follows these is for another program; argparse would take options out of it.
    rest = list(arguments[1:]) if set(arguments[:1]) & PASSED_ON else []
    options = parser.parse_args(arguments[:1] if rest else arguments)
    if options.command is None:
        parser.print_help()
        return 0
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console may lack a letter of a log
    toolchain = Toolchain(ROOT)
    try:
        setup(toolchain)
        return run(toolchain, options, rest)
    except (InstallError, UpError) as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """The command line of `dev.py`."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, run and test this project.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("setup", help="install what the project needs into .venv and .tools")
    add_up(commands.add_parser("up", help="run Azurite, the Graph simulator and the app; Ctrl-C ends them"))
    commands.add_parser("check", help="formatting, lint and types")
    commands.add_parser("test", help="every check and every test; further arguments go to pytest")
    commands.add_parser("bench", help="measure; further arguments say what (bench --help)")
    commands.add_parser("chaos", help="kill hosts while jobs run: --kills N --seed S")
    return parser


def add_up(parser: argparse.ArgumentParser) -> None:
    """The options of `up`."""
    parser.add_argument("--port", type=port, help="of the app (default 7071, or a free one)")
    parser.add_argument("--graph-port", type=port, help="of the simulator (default 7072, or a free one)")
    for service in ("blob", "queue", "table"):
        parser.add_argument(f"--azurite-port-{service}", type=port, help="of Azurite (default: a free one)")
    parser.add_argument("--storage-ports", type=three_ports, metavar="B,Q,T", help="Azurite's three at once")
    parser.add_argument("--fresh", action="store_true", help="empty the storage first")
    parser.add_argument("--verbose", action="store_true", help="show the requests to Azurite too")


def port(text: str) -> int:
    """A TCP port as an argument."""
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return number


def three_ports(text: str) -> tuple[int, int, int]:
    """Three different TCP ports as one argument."""
    try:
        blob, queue, table = (port(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError("give three ports, as 10000,10001,10002") from error
    return blob, queue, table


def run(toolchain: Toolchain, options: argparse.Namespace, rest: list[str]) -> int:
    """Carry out the command, now that everything is installed."""
    if options.command == "up":
        blob, queue, table = options.storage_ports or (
            options.azurite_port_blob,
            options.azurite_port_queue,
            options.azurite_port_table,
        )
        asked = UpOptions(
            options.port, options.graph_port, blob, queue, table, options.fresh, options.verbose
        )
        return up(toolchain, asked)
    if options.command == "check":
        return FAILED if report(check(toolchain)) else 0
    if options.command == "test":
        return test(toolchain, rest)
    if options.command == "bench":
        return run_module(toolchain, "bench", *rest)
    if options.command == "chaos":
        return run_module(toolchain, "tests.chaos", *rest)
    return 0


def setup(toolchain: Toolchain) -> None:
    """Install what is missing; says nothing if nothing is."""
    started = time.monotonic()
    if install(toolchain):
        print(f"dev.py: set up in {time.monotonic() - started:.0f} s", flush=True)


def check(toolchain: Toolchain) -> dict[str, int]:
    """Run every check, also after one failed; their names and exit codes."""
    return {name: run_module(toolchain, *command) for name, command in CHECKS.items()}


def test(toolchain: Toolchain, pytest_arguments: Sequence[str]) -> int:
    """Run every check, then pytest; pytest's exit code, or 1 if a check alone failed.

    Most tests wait for processes rather than compute, so one worker more than there are processors is busy. The
    tests of a group (by default those of a file) stay together: they share what they started. Their order is kept:
    by number of tests, the few that take longest would begin last. `-n 0` runs all in one process.
    """
    started = time.monotonic()
    checks = check(toolchain)
    workers = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup", "--no-loadscope-reorder")
    pytest = run_module(toolchain, "pytest", *workers, *pytest_arguments)
    failed = report({**checks, "pytest": pytest})
    print(f"dev.py: took {time.monotonic() - started:.0f} s", flush=True)
    return pytest or (FAILED if failed else 0)


def run_module(toolchain: Toolchain, *command: str) -> int:
    """Run a tool of the virtual environment in the root of the checkout."""
    print(f"dev.py: {' '.join(command)}", flush=True)
    return subprocess.call([str(toolchain.python), "-m", *command], cwd=ROOT)


def report(exit_codes: dict[str, int]) -> bool:
    """Say in one line how each ended, and return whether any failed."""
    ends = [f"{name} {f'failed (exit code {code})' if code else 'ok'}" for name, code in exit_codes.items()]
    print(f"dev.py: {', '.join(ends)}", flush=True)
    return any(exit_codes.values())
