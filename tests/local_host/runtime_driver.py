"""Runs an app by Microsoft's own worker core, azure-functions-runtime, told what to do over standard input.

Started by `functions_runtime.py` as a script in an environment where that package can be imported. One JSON
object per line goes in and comes out. The worker core speaks in protobuf messages; any object with the same
attributes serves, which is what `Message` is.
"""

import asyncio
import base64
import importlib
import json
import os
import sys
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A protobuf message as far as the worker core looks at one."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        return next((name for name, value in vars(self).items() if value is not None), None)


class Parameter(Message):
    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        return "data"


class Protos:
    """Any message type by name, with the enumerations that are compared."""

    BindingInfo = type("BindingInfo", (Message,), {"out": 1, "inout": 2, "undefined": None})
    StatusResult = type("StatusResult", (Message,), {"Success": "success", "Failure": "failure"})
    SameSite = SimpleNamespace(Lax="Lax", Strict="Strict", ExplicitNone="None")
    setattr(SameSite, "None", None)
    RpcHttpCookie = type("RpcHttpCookie", (Message,), {"SameSite": SameSite})

    def __getattr__(self, _name: str) -> type[Message]:
        return Message


def typed(value: Any) -> Message:
    return Message(**{("int" if isinstance(value, int) else "string"): value})


def http_data(call: dict[str, Any]) -> Message:
    body = base64.b64decode(call["body"])
    http = Message(
        method=call["method"],
        url=call["url"],
        headers=call["headers"],
        params=call["routeParams"],
        query=call["params"],
        body=Message(bytes=body) if body else Message(),
    )
    return Message(http=http)


def trigger_data(call: dict[str, Any]) -> Message:
    if call["kind"] == "http":
        return http_data(call)
    if call["kind"] == "queue":
        return Message(string=call["text"])
    return Message(json=json.dumps(call["timer"]))


def answer_of(response: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": response.result.status}
    if response.result.status == "failure":
        return {**answer, "message": response.result.exception.message}
    value = response.return_value
    if value is not None and hasattr(value, "http"):
        http = value.http
        answer["http"] = {
            "status": int(http.status_code),
            "headers": dict(http.headers),
            "cookies": {cookie.name: cookie.value for cookie in http.cookies or ()},
            "body": base64.b64encode(http.body.bytes).decode(),
        }
    elif value is not None:
        answer["text"] = value.string
    answer["outputs"] = {output.name: vars(output.data) for output in response.output_data}
    return answer


class Worker:
    """The worker core with one app."""

    def __init__(self, app_dir: str) -> None:
        # Imported by name: type checkers run where the package is not.
        self._core: Any = importlib.import_module("azure_functions_runtime.handle_event")
        self._app_dir = app_dir
        self._functions: dict[str, Any] = {}

    async def index(self) -> dict[str, Any]:
        request = Message(
            request=Message(
                worker_init_request=Message(capabilities={}, function_app_directory=self._app_dir)
            ),
            properties={"host": "", "protos": Protos()},
        )
        response = await self._core.worker_init_request(request)
        if response.result.status == "failure":
            return {"failure": response.result.exception.message}
        metadata = await self._core.functions_metadata_request(request)
        self._functions = {function.name: function for function in metadata.function_metadata_results or ()}
        return {
            "functions": {
                name: [json.loads(binding) for binding in function.raw_bindings]
                for name, function in self._functions.items()
            }
        }

    async def call(self, call: dict[str, Any]) -> dict[str, Any]:
        function = self._functions[call["function"]]
        (name,) = (
            binding["name"]
            for binding in map(json.loads, function.raw_bindings)
            if "Trigger" in binding["type"]
        )
        invocation = Message(
            invocation_id="00000000-0000-0000-0000-000000000000",
            function_id=function.function_id,
            input_data=[Parameter(name=name, data=trigger_data(call))],
            trigger_metadata={key: typed(value) for key, value in call.get("metadata", {}).items()},
            trace_context=Message(trace_parent="", trace_state="", attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
        )
        return answer_of(
            await self._core.invocation_request(Message(request=Message(invocation_request=invocation)))
        )


async def main() -> None:
    # What the app prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(os.getcwd())
    sys.path.insert(0, os.getcwd())
    print(json.dumps(await worker.index()), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(await worker.call(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
