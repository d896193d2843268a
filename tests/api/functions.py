"""The app's functions as the host indexes them, from a fresh import of `function_app.py`."""

from __future__ import annotations

import importlib.util

import pytest

from local.host.functions import Function, HttpTrigger
from local.host.indexing import index_functions
from tests.support.process import ROOT

STORAGE = "UseDevelopmentStorage=true"  # nothing connects before it is used


def http_functions(
    environment: pytest.MonkeyPatch, **settings: str
) -> dict[str, tuple[Function, HttpTrigger]]:
    """By name; `settings` are added to the environment while the app is imported."""
    for name, value in {"AzureWebJobsStorage": STORAGE, **settings}.items():
        environment.setenv(name, value)
    spec = importlib.util.spec_from_file_location("function_app_under_test", ROOT / "function_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    functions = index_functions(module.app.get_functions(), "")
    return {
        function.name: (function, function.trigger)
        for function in functions
        if isinstance(function.trigger, HttpTrigger)
    }
