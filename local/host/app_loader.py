"""Imports the app and takes its functions, as the Python worker does.

The worker imports `function_app.py` (or what `PYTHON_SCRIPT_FILE_NAME` says) as a top-level module, wants
exactly one object made by `func.FunctionApp()` or its kin, and calls `get_functions()` once: a second call
raises, since the names seen are kept on the object.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from local.host.errors import HostStartError


def load_functions(app_dir: Path) -> list[Any]:
    """The `azure.functions` Function objects of the app in `app_dir`. Raises HostStartError.

    With LOCAL_HOST_DEBUG=1 an exception raised by the app's import comes through with its traceback."""
    file_name = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
    path = app_dir / file_name
    if not path.is_file():
        raise HostStartError([f"{path}: not found (rule: the app's functions are registered there)"])
    module = _import_app(app_dir, path.stem)
    # Imported here, since the app's own choice of azure-functions must be the one that is loaded.
    from azure.functions.decorators.function_app import FunctionRegister

    apps = {id(value): value for value in vars(module).values() if isinstance(value, FunctionRegister)}
    if len(apps) != 1:
        raise HostStartError([f"{file_name}: {len(apps)} app objects (rule: exactly one FunctionApp)"])
    app = next(iter(apps.values()))
    try:
        functions = list(app.get_functions())
    except Exception as error:
        raise HostStartError([f"{file_name}: {_one_line(error)}"]) from error
    if not functions:
        raise HostStartError([f"{file_name}: no function is registered (rule: at least one)"])
    return functions


def _import_app(app_dir: Path, module_name: str) -> Any:
    folder = str(app_dir)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        if os.environ.get("LOCAL_HOST_DEBUG") == "1":
            raise
        # Its message is all that is shown: a wrong setting is named there, and a trace would hide it.
        raise HostStartError([f"{module_name}.py: {_one_line(error)}"]) from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind
