"""Between which two steps of a job's way a host is ended, and what must then save the job."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = ""
"""The next message is there already, or nothing is on record: nothing to be saved, and nothing to be done twice."""
REDELIVERY = "redelivery"
"""The queue brings the message back, and its handler goes on from the record."""


@dataclass(frozen=True)
class KillPoint:
    """`name` says what was done and what was not. `saved_by` is the one of `without.PROTECTIONS` that must work then.

    `refusals` are 503s that Graph answers to licence writes; `temporary` grants expire, so that the ledger takes part.
    """

    name: str
    point: str
    call: int = 1
    when: str = "after"
    saved_by: str = REDELIVERY
    refusals: int = 0
    temporary: bool = False

    @property
    def claims(self) -> bool:
        """Whether the users were claimed by then, so that the claim must not be left behind."""
        return self.temporary or self.point in (
            "WorkStore.claim",
            "JobStore.save_chunk",
            "Users.assign_licenses",
        )


KILL_POINTS = (
    KillPoint("watched, not on record", "JobStore.create", when="before", saved_by=NOTHING),
    KillPoint("on record, not in the list", "JobStore.create", saved_by="repeat"),
    KillPoint("in the list, not enqueued", "JobIndex.put", saved_by="repeat"),
    KillPoint("enqueued, not answered", "WorkQueues.send", saved_by=NOTHING),
    KillPoint("taken up, groups not enqueued", "JobStore.save"),
    KillPoint("groups enqueued, message not deleted", "WorkQueues.send", 2, saved_by=NOTHING),
    KillPoint("group taken up, not read", "JobStore.save_group"),
    KillPoint("page read, not on record", "JobStore.save_page", when="before"),
    KillPoint("group done, fan-out not begun", "JobStore.save_page"),
    KillPoint("to be fanned out, no chunk on record", "JobStore.save", 2),
    KillPoint("chunks on record, job not running", "JobStore.create_chunks"),
    KillPoint("job running, no chunk enqueued", "JobStore.save", 3, saved_by="watchdog"),
    KillPoint("chunk enqueued, message not deleted", "WorkQueues.send", 3, saved_by=NOTHING),
    KillPoint("chunk claimed, nothing read", "WorkStore.claim"),
    KillPoint("writes reserved, nothing read", "WritePacer.reserve"),
    KillPoint("users read, intent not on record", "JobStore.save_chunk", when="before"),
    KillPoint("intent on record, nothing written", "JobStore.save_chunk"),
    KillPoint("location written, license not", "Users.set_usage_locations", saved_by="intent"),
    KillPoint("license written, result not on record", "Users.assign_licenses", saved_by="intent"),
    KillPoint("result on record, claim not released", "JobStore.save_chunk", 2, saved_by="tidying"),
    KillPoint("claim released, job not settled", "WorkStore.release"),
    KillPoint("job ended, list not told", "JobStore.save", 4, saved_by="watchdog"),
    KillPoint("list told, message not deleted", "JobIndex.put", 3, saved_by=NOTHING),
    KillPoint("retry on record, not due", "WorkStore.set_due", 2, "before", refusals=5),
    KillPoint("retry due, not enqueued", "WorkStore.set_due", 2, refusals=5),
    KillPoint("grant on record, license not written", "Ledger.prepare", temporary=True),
    KillPoint(
        "temporary license written, grant not confirmed",
        "Ledger.carry_out",
        when="before",
        saved_by="intent",
        temporary=True,
    ),
    KillPoint("grant confirmed, result not on record", "Ledger.carry_out", saved_by="intent", temporary=True),
)
