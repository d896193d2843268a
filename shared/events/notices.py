"""The daily digest of temporary licences that will expire soon.

Each licence is in the digest of the days that EXPIRY_NOTICE_DAYS names, counted back by the calendar (UTC) from the
day it expires. The first digest names all that expire within the longest of these times. A day that was missed (the
app stood still) is made up for by the next digest; nobody is told the same twice, unless the expiry was moved.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from shared.errors import GraphError
from shared.events.event import EventType, NamedLicense, first_and_total, licenses_expiring
from shared.events.publish import name_of, publish, subscribed
from shared.jobs.services import Services
from shared.models import Catalog

_PAGE = 1000


def announce(services: Services) -> None:
    """Publish the digest of today, unless that is done or nobody asks. Idempotent."""
    now = services.clock()
    today, last = now.date(), services.events.last_notice()
    if last is not None and last >= today:
        return
    targets = subscribed(services.events.subscriptions(), EventType.LICENSES_EXPIRING)
    if not targets:
        return  # who subscribes later today is told today
    catalog = _catalog(services)
    named, total = first_and_total(_due_for_notice(services, catalog, now, last))
    if total:
        publish(services, licenses_expiring(today, now, named, total), targets)
    services.events.note_notice(today)


def _due_for_notice(
    services: Services, catalog: Catalog, now: datetime, last: date | None
) -> Iterator[NamedLicense]:
    """Running licences, the earliest expiry first."""
    days, today = services.settings.expiry_notice_days, now.date()
    cursor: str | None = None
    end = _end_of(today + timedelta(days=max(days)))
    while True:
        page, cursor = services.ledger.find(expires_before=end, page_size=_PAGE, cursor=cursor)
        for grant in page:
            expires_at = grant.expires_at
            if expires_at is None or expires_at <= now or not _enters(expires_at.date(), days, today, last):
                continue
            yield NamedLicense(
                grant.user_principal_name,
                grant.user_display_name,
                grant.sku_id,
                name_of(catalog, grant.sku_id),
                expires_at,
                (expires_at.date() - today).days,
            )
        if cursor is None:
            return


def _enters(expires_on: date, days: tuple[int, ...], today: date, last: date | None) -> bool:
    """Whether one of the notices of a licence falls after the last digest, today at the latest."""
    for ahead in days:
        notice_on = expires_on - timedelta(days=ahead)
        if notice_on <= today and (last is None or notice_on > last):
            return True
    return False


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _catalog(services: Services) -> Catalog:
    """Empty while Graph is away: ids stand for the names then."""
    try:
        return services.catalog.get()
    except GraphError:
        return {}
