"""Bindings, and nothing else: each function hands over to one handler.

A setting that is missing or wrong stops the start here, with one line that names it.
"""

import azure.functions as func

from handlers.endpoint import EndpointSettings, endpoint
from handlers.http_audit import AuditHandlers
from handlers.http_directory import DirectoryHandlers
from handlers.http_files import FileHandlers
from handlers.http_grants import GrantHandlers
from handlers.http_health import HealthHandlers
from handlers.http_jobs import JobHandlers
from handlers.http_missing import missing
from handlers.http_portal import PortalFiles
from handlers.http_subscriptions import SubscriptionHandlers
from handlers.own_threads import in_own_thread
from handlers.queues import QueueHandlers
from handlers.timers import TimerHandlers
from shared.api.routes import BY_NAME, Access
from shared.app import App
from shared.config import load_settings, schedule
from shared.storage.queues import CHUNKS, EVENTS, GROUPS, JOBS

settings = load_settings()
services = App(settings)
queues = QueueHandlers(services)
timers = TimerHandlers(services)
pages = PortalFiles()
doors = EndpointSettings(settings.auth_mode, settings.platform_auth, settings.public_base_url)

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for handlers in (
    JobHandlers(services),
    DirectoryHandlers(services),
    FileHandlers(services),
    GrantHandlers(services),
    AuditHandlers(services),
    SubscriptionHandlers(services),
    HealthHandlers(services),
):
    for name, handler in handlers.handlers():
        route = BY_NAME[name]
        keyed = settings.auth_mode == "key" and route.access not in (Access.ANONYMOUS, Access.TOKEN)
        app.function_name(name)(
            app.route(
                route=route.path,
                methods=[route.method],
                auth_level=func.AuthLevel.FUNCTION if keyed else func.AuthLevel.ANONYMOUS,
            )(in_own_thread(endpoint(name, handler, doors)))
        )


app.function_name("Portal")(app.route(route="portal/{*path}", methods=["GET"])(in_own_thread(pages.handle)))
# Routes match in the order of their functions' names: this one must come last.
app.function_name("ZzNotFound")(app.route(route="api/{*rest}")(in_own_thread(missing)))


@app.function_name("HandleJob")
@app.queue_trigger(arg_name="msg", queue_name=JOBS, connection="AzureWebJobsStorage")
def handle_job(msg: func.QueueMessage) -> None:
    queues.job(msg)


@app.function_name("HandleGroup")
@app.queue_trigger(arg_name="msg", queue_name=GROUPS, connection="AzureWebJobsStorage")
def handle_group(msg: func.QueueMessage) -> None:
    queues.group(msg)


@app.function_name("HandleChunk")
@app.queue_trigger(arg_name="msg", queue_name=CHUNKS, connection="AzureWebJobsStorage")
def handle_chunk(msg: func.QueueMessage) -> None:
    queues.chunk(msg)


@app.function_name("HandleEvent")
@app.queue_trigger(arg_name="msg", queue_name=EVENTS, connection="AzureWebJobsStorage")
def handle_event(msg: func.QueueMessage) -> None:
    queues.event(msg)


@app.function_name("HandlePoisonedJob")
@app.queue_trigger(arg_name="msg", queue_name=f"{JOBS}-poison", connection="AzureWebJobsStorage")
def handle_poisoned_job(msg: func.QueueMessage) -> None:
    queues.poison(JOBS, msg)


@app.function_name("HandlePoisonedGroup")
@app.queue_trigger(arg_name="msg", queue_name=f"{GROUPS}-poison", connection="AzureWebJobsStorage")
def handle_poisoned_group(msg: func.QueueMessage) -> None:
    queues.poison(GROUPS, msg)


@app.function_name("HandlePoisonedChunk")
@app.queue_trigger(arg_name="msg", queue_name=f"{CHUNKS}-poison", connection="AzureWebJobsStorage")
def handle_poisoned_chunk(msg: func.QueueMessage) -> None:
    queues.poison(CHUNKS, msg)


@app.function_name("HandlePoisonedEvent")
@app.queue_trigger(arg_name="msg", queue_name=f"{EVENTS}-poison", connection="AzureWebJobsStorage")
def handle_poisoned_event(msg: func.QueueMessage) -> None:
    queues.poison(EVENTS, msg)


@app.function_name("RetryTimer")
@app.timer_trigger(arg_name="timer", schedule=schedule("RETRY_SCHEDULE"), run_on_startup=False)
def retry_timer(timer: func.TimerRequest) -> None:
    timers.retry()


@app.function_name("ExpiryTimer")
@app.timer_trigger(arg_name="timer", schedule=schedule("EXPIRY_SCHEDULE"), run_on_startup=False)
def expiry_timer(timer: func.TimerRequest) -> None:
    timers.expiry()


@app.function_name("RetentionTimer")
@app.timer_trigger(arg_name="timer", schedule="0 30 3 * * *", run_on_startup=False)
def retention_timer(timer: func.TimerRequest) -> None:
    timers.retention()
