"""Queue functions that write what they see into a journal and do what the message says."""

# ruff: noqa: N802 - functions are named as on Azure

import json
import os
import threading
import time
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
lock = threading.Lock()
running = 0


def write(**entry: Any) -> None:
    with lock, open(os.environ["JOURNAL"], "a", encoding="utf-8") as journal:
        journal.write(
            json.dumps({"time": time.time(), "thread": threading.current_thread().name, **entry}) + "\n"
        )


@app.route("api/health", methods=["GET"])
def Health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
def Work(msg: func.QueueMessage) -> None:
    global running
    text = msg.get_body().decode("utf-8", "replace")
    content = json.loads(text) if text.startswith("{") else {}
    with lock:
        running += 1
        at_once = running
    write(
        what="begin",
        text=text,
        id=msg.id,
        dequeueCount=msg.dequeue_count,
        insertionTime=str(msg.insertion_time),
        hasReceipt=bool(msg.pop_receipt),
        running=at_once,
    )
    try:
        time.sleep(content.get("seconds", 0))
        if content.get("fail"):
            raise ValueError("told to fail")
    finally:
        with lock:
            running -= 1
    write(what="end", text=text)


@app.queue_trigger(arg_name="text", queue_name="%QUEUE%-poison", connection="AzureWebJobsStorage")
def Poison(text: str) -> None:
    write(what="poison", text=text)
    if text == "fail again":
        raise ValueError("poison fails too")


@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%-copy", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="out", queue_name="%QUEUE%-out", connection="AzureWebJobsStorage")
async def Copy(msg: func.QueueMessage, out: func.Out[str]) -> None:
    out.set(msg.get_body().decode() + " copied")
