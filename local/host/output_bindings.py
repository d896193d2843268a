"""Runs a function and sends what it left in its queue outputs."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from local.host.converters import converter
from local.host.functions import Function, QueueOutput
from local.host.invocation import Invoker, Output
from local.host.queue_client import HostQueue
from local.host.signatures import RETURN


class OutputError(Exception):
    """What a function returned cannot be sent."""


class FunctionRunner:
    """`queue_of` finds the queue of an output, `wake` tells its listener, if there is one here."""

    def __init__(
        self,
        invoker: Invoker,
        queue_of: Callable[[QueueOutput], HostQueue],
        wake: Callable[[str], None],
        *,
        is_base64: bool,
    ) -> None:
        self._invoker = invoker
        self._queue_of = queue_of
        self.wake = wake
        self._is_base64 = is_base64

    async def run(self, function: Function, value: Any) -> Any:
        """Run the function, send its queue outputs, return its result.

        Raises FunctionFailedError, OutputError, and what the converter or storage raises: a message not sent
        is a failed invocation."""
        outputs = {output.arg_name: Output() for output in function.outputs if output.arg_name != RETURN}
        result = await self._invoker.call(function, value, outputs)
        if result is not None and not function.has_return:
            raise OutputError(f"function {function.name} without a $return binding returned a value")
        for output in function.outputs:
            await self._send(output, self._left_in(output, outputs, result))
        return result

    @staticmethod
    def _left_in(output: QueueOutput, outputs: Mapping[str, Output], result: Any) -> Any:
        return result if output.arg_name == RETURN else outputs[output.arg_name].get()

    async def _send(self, output: QueueOutput, value: Any) -> None:
        if value is None:
            return
        queue = self._queue_of(output)
        for text in _texts(value):
            await queue.send(base64.b64encode(text.encode()).decode() if self._is_base64 else text)
        self.wake(queue.name)


def _texts(value: Any) -> list[str]:
    """The messages in what a function returned, by the library's own converter."""
    datum = converter("queue").encode(value, expected_type=None)
    if datum.type != "json":
        return [datum.value.decode() if isinstance(datum.value, bytes) else datum.value]
    content = json.loads(datum.value)
    messages = content if isinstance(content, list) else [content]
    return [message["body"] if isinstance(message, dict) else message for message in messages]
