"""azure-functions' own converters between what the host sends and what functions see."""

from typing import Any

from azure.functions.meta import get_binding_registry


def converter(binding_type: str) -> Any:
    """The converter of `httpTrigger`, `http`, `queueTrigger`, `queue` or `timerTrigger`."""
    return get_binding_registry().get(binding_type)  # type: ignore[no-untyped-call] # the library has no types
