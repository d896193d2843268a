"""Timers that write what they see into a journal."""

# ruff: noqa: N802 - functions are named as on Azure

import asyncio
import json
import os
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def write(what: str, timer: func.TimerRequest) -> None:
    entry = {
        "what": what,
        "time": time.time(),
        "pastDue": timer.past_due,
        "status": timer.schedule_status,  # type: ignore[attr-defined] # the worker passes more than func.TimerRequest
        "schedule": timer.schedule,  # type: ignore[attr-defined] # likewise
        "pid": os.getpid(),
    }
    with open(os.environ["JOURNAL"], "a", encoding="utf-8") as journal:
        journal.write(json.dumps(entry) + "\n")


@app.route("api/health", methods=["GET"])
def Health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def EverySecond(timer: func.TimerRequest) -> None:
    write("EverySecond", timer)


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def Slow(timer: func.TimerRequest) -> None:
    write("Slow", timer)
    await asyncio.sleep(2.5)
    write("Slow end", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def Yearly(timer: func.TimerRequest) -> None:
    write("Yearly", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def AtStart(timer: func.TimerRequest) -> None:
    write("AtStart", timer)
    raise ValueError("a failure counts as done")
