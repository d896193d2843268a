"""Runs a timer function on its schedule, on one instance at a time.

azure-webjobs-sdk-extensions, Timers/Listener/TimerListener.cs and Timers/Scheduling/ScheduleMonitor.cs; the
singleton is azure-webjobs-sdk's listener lock. One difference: another instance asks for a lock in use every
5 seconds instead of every minute, so that a killed host's timers go on as soon as its lease has run out.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError, HttpResponseError
from azure.functions.meta import Datum

from local.host.converters import converter
from local.host.functions import Function, TimerTrigger
from local.host.host_blobs import HostBlobs, HostLock, ScheduleStatus
from local.host.invocation import FunctionFailedError
from local.host.ncrontab import fires_more_than_once_a_minute
from local.host.output_bindings import FunctionRunner
from local.host.storage_health import StorageHealth

logger = logging.getLogger("host.timers")

_LOCK_RETRY_SECONDS = 5.0
# A sleep is never longer, so that a changed system clock is seen.
_LONGEST_SLEEP = timedelta(hours=1)


def lock_seconds() -> int:
    """How long a lock is held without renewal: 15 s in Development, else 60 (azure-webjobs-sdk)."""
    return 15 if os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT", "").lower() == "development" else 60


def utc_now() -> datetime:
    return datetime.now(UTC)


class TimerListener:
    """`clock` gives the time, UTC."""

    def __init__(
        self,
        function: Function,
        trigger: TimerTrigger,
        blobs: HostBlobs,
        runner: FunctionRunner,
        health: StorageHealth,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._blobs = blobs
        self._runner = runner
        self._health = health
        self._clock = clock
        # Firing more than once a minute turns the monitor off (TimerSchedule.cs).
        self._monitored = trigger.use_monitor and not fires_more_than_once_a_minute(trigger.schedule, clock())
        now = clock()
        self._status = ScheduleStatus(None, trigger.schedule.next_after(now), now)
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Start no other run, wait for the one that goes on, give the lock back."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def run_by_hand(self) -> None:
        """Run the function now, whoever holds the lock; the schedule does not change."""
        await self._call_function(past_due=False)

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                lock = await self._blobs.acquire_lock(self._function.name, lock_seconds())
                self._health.answered()
                if lock is not None:
                    await self._lead(lock)
            except AzureError as error:
                self._health.failed(error)
            except Exception:
                # A timer must outlive whatever went wrong in one turn.
                logger.exception("timer %s: its turn failed", self._function.name)
            await _wait_any(_LOCK_RETRY_SECONDS, self._stopped)

    async def _lead(self, lock: HostLock) -> None:
        """Serve the schedule until the host stops or the lock is lost."""
        lost = asyncio.Event()
        renewing = asyncio.create_task(self._keep(lock, lost))
        try:
            await self._serve(lost)
        finally:
            renewing.cancel()
        if not lost.is_set():
            await lock.release()

    async def _keep(self, lock: HostLock, lost: asyncio.Event) -> None:
        """Renew at half time; sets `lost` once the lock is another's or can have run out."""
        loop = asyncio.get_running_loop()
        seconds = lock_seconds()
        held_until = loop.time() + seconds
        wait = seconds / 2
        while not lost.is_set():
            await asyncio.sleep(wait)
            asked = loop.time()
            try:
                await asyncio.wait_for(lock.renew(), max(held_until - asked, 0.1))
            except (AzureError, TimeoutError) as error:
                refused = _is_refused(error)
                if isinstance(error, AzureError) and not refused:
                    self._health.failed(error)
                if refused or loop.time() >= held_until:
                    logger.warning("timer %s: the lock was lost", self._function.name)
                    lost.set()
                wait = 1.0
            else:
                held_until = asked + seconds
                wait = seconds / 2
                self._health.answered()

    async def _serve(self, lost: asyncio.Event) -> None:
        past_due = await self._take_up_schedule()
        if past_due or self._trigger.run_on_startup:
            await self._fire(past_due=past_due, at_start=True)
        while not self._stopped.is_set() and not lost.is_set():
            due_in = self._status.next - self._clock()
            if due_in <= timedelta():
                await self._fire(past_due=False, at_start=False)
            else:
                await _wait_any(min(due_in, _LONGEST_SLEEP).total_seconds(), self._stopped, lost)

    async def _take_up_schedule(self) -> bool:
        """Read the stored status, or begin one; True if an occurrence was missed meanwhile.

        A changed schedule is reckoned from now, without a run for what the old one missed."""
        now = self._clock()
        fresh = ScheduleStatus(None, self._trigger.schedule.next_after(now), now)
        stored = await self._blobs.read_status(self._function.name) if self._monitored else None
        if stored is not None:
            expected = self._trigger.schedule.next_after(stored.last or stored.last_updated)
            if abs(stored.next - expected) < timedelta(seconds=1):
                self._status = stored
                return now > stored.next
        self._status = fresh
        await self._store(fresh)
        return False

    async def _fire(self, *, past_due: bool, at_start: bool) -> None:
        """One run, then the status. What falls due while it runs is made up for by one run after it."""
        moment = self._clock()
        if not at_start:
            moment = max(moment, self._status.next)  # fired a little early: do not fire twice
        await self._call_function(past_due=past_due)
        self._status = ScheduleStatus(moment, self._trigger.schedule.next_after(moment), moment)
        await self._store(self._status)

    async def _store(self, status: ScheduleStatus) -> None:
        if not self._monitored:
            return
        try:
            await self._blobs.write_status(self._function.name, status)
        except AzureError as error:
            # The run is done; a status that is not stored can only bring one more run, as past due.
            self._health.failed(error)

    async def _call_function(self, *, past_due: bool) -> None:
        content = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": self._status.to_dict() if self._monitored else None,
            "IsPastDue": past_due,
        }
        value = converter("timerTrigger").decode(Datum(json.dumps(content), "json"), trigger_metadata=None)
        try:
            await self._runner.run(self._function, value)
        except FunctionFailedError:
            return  # a failed run counts as done: the schedule goes on
        except Exception:
            logger.exception("timer %s failed outside the function", self._function.name)


def _is_refused(error: Exception) -> bool:
    """Whether storage answered that the lease is no longer ours."""
    return isinstance(error, HttpResponseError) and error.status_code in (404, 409, 412)


async def _wait_any(seconds: float, *events: asyncio.Event) -> None:
    """Wait for one of the events, `seconds` at most."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
