"""The Python worker's checks of a function's parameters and annotations.

Each rule stands in azure_functions_worker/functions.py, `Registry.add_function`; there a fault fails the
whole app. The checks return the rule that is broken as text, without the function's name.
"""

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from azure.functions.decorators.core import BindingDirection

from local.host.converters import converter

RETURN = "$return"
_GENERIC = (str, bytes)


def check_signature(call: Callable[..., Any], bindings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rules that `call` breaks, given its bindings by arg_name."""
    parameters = dict(inspect.signature(call).parameters)
    try:
        annotations = typing.get_type_hints(call)
    except Exception as error:  # an annotation is code of the app: it may raise anything
        yield f"annotations must be real types: {error}"
        return
    bound = {name: binding for name, binding in bindings.items() if name != RETURN}
    if wants_context(call, bindings):
        parameters.pop("context")
        annotation = annotations.get("context")
        if annotation is not None and getattr(annotation, "__name__", "") != "Context":
            yield "the parameter 'context' must be annotated azure.functions.Context"
    if missing := sorted(parameters.keys() - bound.keys()):
        yield f"every parameter needs a binding of its name: {', '.join(missing)} has none"
    if missing := sorted(bound.keys() - parameters.keys()):
        yield f"every binding needs a parameter of its name: {', '.join(missing)} has none"
    for name in parameters.keys() & bound.keys() & annotations.keys():
        yield from _check_parameter(name, annotations[name], bound[name])
    if RETURN in bindings and "return" in annotations:
        yield from _check_return(annotations["return"], bindings[RETURN].type)


def is_output(binding: Any) -> bool:
    return bool(binding.direction == BindingDirection.OUT.value)


def wants_context(call: Callable[..., Any], bindings: Mapping[str, Any]) -> bool:
    return "context" in inspect.signature(call).parameters and "context" not in bindings


def takes_text(call: Callable[..., Any], arg_name: str) -> bool:
    """Whether the trigger's parameter is annotated str or bytes, so that the text alone is passed."""
    return typing.get_type_hints(call).get(arg_name) in _GENERIC


def _check_parameter(name: str, annotation: Any, binding: Any) -> Iterator[str]:
    is_out = _origin_name(annotation) == "Out"
    if is_output(binding):
        if not is_out:
            yield f"the parameter {name!r} of an out binding must be annotated func.Out[...]"
            return
        arguments = typing.get_args(annotation)
        if len(arguments) != 1:
            yield f"the parameter {name!r} must be annotated func.Out with one type"
            return
        yield from _check_output(name, arguments[0], binding.type)
        return
    if is_out:
        yield f"the parameter {name!r} of a trigger must not be annotated func.Out"
    elif not _is_type(annotation):
        yield f"the annotation of {name!r} must be a real type, not {annotation!r}"
    elif not _fits_input(annotation, binding.type):
        yield f"the annotation of {name!r} does not fit a {binding.type}"


def _fits_input(annotation: Any, binding_type: str) -> bool:
    if annotation in _GENERIC:
        return binding_type == "queueTrigger"
    return isinstance(annotation, type) and bool(
        converter(binding_type).check_input_type_annotation(annotation)
    )


def _check_output(name: str, annotation: Any, binding_type: str) -> Iterator[str]:
    # The worker knows typing.List[str] as a generic type, but neither list[str] nor a union.
    if not _is_type(annotation):
        yield f"the annotation of {name!r} must be a real type or typing.List, not {annotation!r}"
    elif not (annotation in _GENERIC or converter(binding_type).check_output_type_annotation(annotation)):
        yield f"the annotation of {name!r} does not fit a {binding_type} output"


def _check_return(annotation: Any, binding_type: str) -> Iterator[str]:
    if _origin_name(annotation) == "Out":
        yield "the return annotation must not be func.Out"
    elif not isinstance(annotation, type) or typing.get_origin(annotation) is not None:
        yield f"the return annotation must be a real type, not {annotation!r}"
    elif not converter(binding_type).check_output_type_annotation(annotation):
        yield f"the return annotation {annotation.__name__} does not fit a {binding_type} output"


def _is_type(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is None:
        return isinstance(annotation, type)
    # list[str] has an origin too, but is no alias of typing's, which is all that the worker's test knows.
    return isinstance(origin, type) and type(annotation).__module__ == "typing"


def _origin_name(annotation: Any) -> str:
    return str(getattr(typing.get_origin(annotation) or annotation, "__name__", ""))
