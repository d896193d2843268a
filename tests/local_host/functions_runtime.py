"""An app under Microsoft's own worker core, for comparison with the local host.

azure-functions-runtime 1.3.0 asks for Python 3.13 but runs on ours; it is installed into a folder of its own,
with the azure-functions version that the app pins, when it is missing.
"""

import base64
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.support.process import ROOT

RUNTIME = "1.3.0"
FOLDER = ROOT / ".tools" / "functions-runtime"
_DRIVER = Path(__file__).with_name("runtime_driver.py")


class RuntimeMissingError(Exception):
    """The package is not there and could not be installed."""


def install_runtime() -> Path:
    """The folder that holds the package. Raises RuntimeMissingError."""
    library = importlib.metadata.version("azure-functions")
    wanted = [f"azure_functions_runtime-{RUNTIME}.dist-info", f"azure_functions-{library}.dist-info"]
    if all((FOLDER / name).is_dir() for name in wanted):
        return FOLDER
    FOLDER.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as scratch:
        target = Path(scratch) / "packages"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--ignore-requires-python"]
        packages = [f"azure-functions-runtime=={RUNTIME}", f"azure-functions=={library}"]
        installed = subprocess.run(
            [*pip, "--target", str(target), *packages], capture_output=True, text=True, check=False
        )
        if installed.returncode:
            raise RuntimeMissingError(installed.stderr.strip().splitlines()[-1])
        shutil.rmtree(FOLDER, ignore_errors=True)
        target.rename(FOLDER)
    return FOLDER


class FunctionsRuntime:
    """The app of `app_dir`, indexed. `functions` holds each function's bindings by name; `failure` is why the
    worker refused the app. The calls give what the worker answers to the host: `{"status": "success" |
    "failure", "message", "http": {"status", "headers", "cookies", "body"}, "outputs"}`."""

    def __init__(self, app_dir: Path, env: Mapping[str, str] | None = None) -> None:
        path = os.pathsep.join([str(install_runtime()), str(ROOT)])
        self._process = subprocess.Popen(
            [sys.executable, str(_DRIVER)],
            cwd=app_dir,
            env={**(env if env is not None else os.environ), "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        indexed = self._read()
        self.functions: dict[str, list[dict[str, Any]]] = indexed.get("functions", {})
        self.failure: str | None = indexed.get("failure")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate()

    def http(
        self,
        function: str,
        *,
        method: str = "GET",
        url: str = "http://localhost/",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        route_params: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> dict[str, Any]:
        return self._call(
            kind="http",
            function=function,
            method=method,
            url=url,
            headers=headers or {},
            params=params or {},
            routeParams=route_params or {},
            body=base64.b64encode(body).decode(),
        )

    def queue(self, function: str, text: str, metadata: Mapping[str, str | int]) -> dict[str, Any]:
        """`metadata` as the host names it: Id, PopReceipt, DequeueCount, InsertionTime and so on."""
        return self._call(kind="queue", function=function, text=text, metadata=metadata)

    def timer(self, function: str, timer: Mapping[str, Any]) -> dict[str, Any]:
        """`timer`: `{"Schedule", "ScheduleStatus", "IsPastDue"}`."""
        return self._call(kind="timer", function=function, timer=timer)

    def _call(self, **call: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker core ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
