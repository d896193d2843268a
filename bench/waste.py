"""What a changed user costs: calls, writes, storage requests, messages."""

from bench.measure import Measure, at_most
from bench.runs import assign
from bench.stage import Run, assignment, seed_group, stage
from bench.storage_log import messages

USERS = 10_000
FEW = 1_000


def needless_writes(run: Run) -> int:
    """Writes that changed nothing, or that had to be sent again."""
    return run.writes["attempted"] - run.writes["succeeded"] + run.writes["unchanged"]


def with_locations() -> Run:
    """Half of the users hold the licence, half have another location than the one asked for."""
    with stage() as here:
        groups = [seed_group(here.control, FEW, 0.5, f"Group {number}") for number in (1, 2)]
        here.control.seed(
            bulk=[{"displayName": "Elsewhere", "users": FEW, "usageLocation": "FR", "firstIndex": 2 * FEW}]
        )
        groups.append(here.control.group_named("Elsewhere"))
        return here.submit_and_wait(assignment(*groups, usageLocation="FR"))


def measure() -> list[Measure]:
    run = assign(USERS)
    licenses = run.stats["subRequests"]["POST users/{id}/assignLicense"]
    located = with_locations()
    by_service = {
        service: sum(number for kind, number in run.storage.items() if kind.startswith(f"{service} "))
        for service in ("table", "queue", "blob")
    }
    return [
        at_most("needless writes", needless_writes(run) + needless_writes(located), 0),
        at_most("licence writes / users to change", licenses / run.changed, 1),
        at_most(
            "writes with a location / needed",
            located.writes["attempted"] / needed_with_locations(located),
            1,
        ),
        at_most("Graph calls / changed user", run.stats["httpCalls"] / run.changed, 0.12),
        at_most("storage requests / user", run.storage.total() / USERS, 0.15),
        *(Measure(f"of these to {service}", count / USERS) for service, count in by_service.items() if count),
        *(
            Measure(f"of these {kind}", count / USERS)
            for kind, count in run.storage.most_common()
            if count >= USERS / 1000
        ),
        Measure("queue messages / user", messages(run.storage) / USERS),
    ]


def needed_with_locations(run: Run) -> int:
    """Half of two thirds and all of the last third lack the licence; the first two thirds are not in France."""
    return FEW + FEW + 2 * FEW
