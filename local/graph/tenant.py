"""The tenants a simulator can start with: an empty one, and Contoso, a firm of 2,000 whose licences tell a story.

Group ids follow from the group's name alone, so they are the same for every seed and can be named in documents.
People, their ids and who holds what follow from the seed.
"""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from local.graph.bulk import GIVEN_NAMES, SURNAMES
from local.graph.catalog import load_catalog
from local.graph.clock import timestamp
from local.graph.group_licensing import apply_to_users
from local.graph.model import Assignment, Group, OtherObject, Profile, Sku, User, new_guid
from local.graph.state import Tenant

LONG_AGO = datetime(2025, 3, 3, 8, tzinfo=UTC).timestamp()


class SkuRow(NamedTuple):
    part_number: str
    enabled: int
    warning: int = 0
    suspended: int = 0
    applies_to: str = "User"


SKUS = (
    SkuRow("ENTERPRISEPACK", 1450),
    SkuRow("STANDARDPACK", 250),
    SkuRow("DESKLESSPACK", 500),
    SkuRow("EMS", 900),
    SkuRow("AAD_PREMIUM_P2", 60),
    SkuRow("MCOEV", 220),
    SkuRow("MCOMEETADV", 120),
    SkuRow("POWER_BI_PRO", 150),  # two units left
    SkuRow("VISIOCLIENT", 25),  # sold out: its licensing group has more members
    SkuRow("PROJECTPROFESSIONAL", 60),
    SkuRow("THREAT_INTELLIGENCE", 100),
    SkuRow("Microsoft_365_Copilot", 50),
    SkuRow("EXCHANGESTANDARD", 30, warning=10),
    SkuRow("O365_BUSINESS_ESSENTIALS", 0, warning=40),  # expired, in its days of grace
    SkuRow("WORKPLACE_ANALYTICS", 0, suspended=25),
    SkuRow("SHAREPOINTSTANDARD", 40),  # excludes the next one
    SkuRow("SHAREPOINTENTERPRISE", 40),
    SkuRow("POWER_BI_STANDARD", 1_000_000),
    SkuRow("FLOW_FREE", 10_000),
    SkuRow("WINDOWS_STORE", 25, applies_to="Company"),
)

DEPARTMENTS = (  # name, weight
    ("Sales", 26),
    ("Engineering", 20),
    ("Operations", 22),
    ("Marketing", 8),
    ("Support", 8),
    ("Finance", 6),
    ("IT", 4),
    ("Human Resources", 4),
    ("Legal", 2),
)
OFFICES = (  # name, usageLocation, weight
    ("Berlin", "DE", 30),
    ("Munich", "DE", 20),
    ("Paris", "FR", 15),
    ("London", "GB", 15),
    ("New York", "US", 14),
    ("Tokyo", "JP", 6),
)
HOSTILE_NAMES = (
    '<img src=x onerror="alert(1)">',
    '=HYPERLINK("https://example.com","Click me")',
    "مبيعات الشرق الأوسط",
    "\u202egpj.ecnivorP",
    "N" * 256,
    "🚀 Launch Team 👩\u200d🚀",
    'O\'Brien & "Sons"; DROP TABLE users;--',
)
EMPLOYEES, GUESTS, LEAVERS = 1900, 60, 40


def group_id(display_name: str) -> str:
    """The id of a group of the default tenant, the same for every seed."""
    return str(uuid5(NAMESPACE_DNS, f"{display_name}.groups.contoso.com"))


def make_tenant(name: str, seed: int) -> Tenant:
    """`empty` holds nothing; `default` is Contoso. Both follow from the seed."""
    tenant = Tenant(seed)
    if name == "default":
        _Contoso(tenant).build()
    return tenant


class _Contoso:
    """Builds the default tenant; `people` are its users in order."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.rng = tenant.rng
        self.people: list[User] = []
        self.sku_ids = {row.part_number: load_catalog().skus[row.part_number].sku_id for row in SKUS}

    def build(self) -> None:
        self._add_skus()
        self._hire()
        self._license()
        self._add_offices_and_departments()
        self._add_sales()
        self._add_special_groups()
        self._add_licensing_groups()
        self._add_hostile_groups()

    def _add_skus(self) -> None:
        for row in SKUS:
            known = load_catalog().skus[row.part_number]
            self.tenant.add_sku(
                Sku(
                    known.sku_id,
                    known.part_number,
                    known.plans,
                    row.enabled,
                    row.warning,
                    row.suspended,
                    applies_to=row.applies_to,
                )
            )

    # -- people

    def _hire(self) -> None:
        departments = [name for name, weight in DEPARTMENTS for _ in range(weight)]
        offices = [office for office in OFFICES for _ in range(office[2])]
        for number in range(EMPLOYEES + LEAVERS):
            office, location, _ = self.rng.choice(offices)
            user = self._person(number, self.rng.choice(departments), office, location)
            user.account_enabled = number < EMPLOYEES
            if number % 41 == 7:
                user.usage_location = None
        for number, name in enumerate(HOSTILE_NAMES):
            self.people[number * 11].display_name = name
        for number in range(GUESTS):
            self._guest(number)

    def _person(self, number: int, department: str, office: str, location: str) -> User:
        given, surname = self.rng.choice(GIVEN_NAMES), self.rng.choice(SURNAMES)
        title = "Manager" if number % 12 == 0 else "Specialist"
        user = User(
            new_guid(self.rng),
            f"{given} {surname}",
            f"{_ascii(given)}.{_ascii(surname)}{number}@{self.tenant.domain}",
            location,
            profile=Profile(given, surname, f"{department} {title}", department, office),
        )
        self._join(user)
        return user

    def _guest(self, number: int) -> None:
        given, surname = self.rng.choice(GIVEN_NAMES), self.rng.choice(SURNAMES)
        name = f"{_ascii(given)}.{_ascii(surname)}{number}_fabrikam.com#ext#@contoso.onmicrosoft.com"
        guest = User(new_guid(self.rng), f"{given} {surname} (Fabrikam)", name, None, user_type="Guest")
        self._join(guest)

    def _join(self, user: User) -> None:
        self.tenant.add_user(user)
        self.people.append(user)

    def _where(self, test: Callable[[User], bool]) -> list[User]:
        return [user for user in self.people if test(user)]

    # -- direct licences

    def _give(self, user: User, part_number: str, disabled: Iterable[str] = ()) -> None:
        """A direct assignment; `disabled` are names of service plans."""
        plans = load_catalog().plans
        item = Assignment(
            self.sku_ids[part_number],
            None,
            tuple(plans[name] for name in disabled),
            "Active",
            "None",
            timestamp(LONG_AGO),
        )
        self.tenant.set_licenses(user, (*user.licenses, item), LONG_AGO)

    def _license(self) -> None:
        located = self._where(lambda user: user.usage_location is not None)
        for number, user in enumerate(located):
            self._give_suite(user, number)
        office_users = [user for user in located if self._holds(user, "ENTERPRISEPACK")]
        self._give_some(office_users, "EMS", 800)
        self._give_some(self._of(office_users, "Sales"), "MCOEV", 180)
        self._give_some(self._of(office_users, "Sales"), "MCOMEETADV", 90)
        self._give_some(self._of(office_users, "Finance"), "POWER_BI_PRO", 100)
        self._give_some(self._of(office_users, "Marketing"), "POWER_BI_PRO", 148 - self._held("POWER_BI_PRO"))
        self._give_some(self._of(office_users, "IT"), "AAD_PREMIUM_P2", 35)
        self._give_some(self._of(office_users, "Engineering"), "PROJECTPROFESSIONAL", 45)
        self._give_some(self._of(office_users, "Legal"), "THREAT_INTELLIGENCE", 20)
        self._give_some(self._of(office_users, "Marketing"), "Microsoft_365_Copilot", 30)
        self._give_some(self._of(office_users, "Human Resources"), "WORKPLACE_ANALYTICS", 14)
        bare = [user for user in located if not user.licenses]
        self._give_some(bare, "O365_BUSINESS_ESSENTIALS", 12)
        self._give_some(bare[12:], "SHAREPOINTSTANDARD", 10)
        self._give_some(bare[22:], "SHAREPOINTENTERPRISE", 10)
        self._give_some(located, "FLOW_FREE", 120)

    def _give_suite(self, user: User, number: int) -> None:
        """F3 for operations, E3 for most others, E1 for some, nothing for a few."""
        if number % 20 == 3:
            return
        if user.profile.department == "Operations":
            self._give(user, "DESKLESSPACK")
        elif user.profile.department == "Engineering" and number % 3:
            return  # inherits it, see the licensing groups
        elif number % 9 == 1:
            self._give(user, "STANDARDPACK")
        else:
            self._give(user, "ENTERPRISEPACK", ("YAMMER_ENTERPRISE", "SWAY") if number % 7 == 0 else ())

    def _holds(self, user: User, part_number: str) -> bool:
        return any(item.sku_id == self.sku_ids[part_number] for item in user.licenses)

    def _held(self, part_number: str) -> int:
        return self.tenant.skus[self.sku_ids[part_number]].consumed

    @staticmethod
    def _of(users: list[User], department: str) -> list[User]:
        return [user for user in users if user.profile.department == department]

    def _give_some(self, users: list[User], part_number: str, number: int) -> None:
        for user in users[:number]:
            self._give(user, part_number)

    # -- groups

    def _group(
        self,
        name: str,
        members: Iterable[User | Group | OtherObject],
        kind: str = "security",
        dynamic: bool = False,
        description: str | None = None,
    ) -> Group:
        group = Group(group_id(name), name, kind, dynamic, description)
        self.tenant.groups[group.id] = group
        self.tenant.add_members(group, [member.id for member in members], LONG_AGO)
        return group

    def _add_offices_and_departments(self) -> None:
        members = self._where(lambda user: user.user_type == "Member")
        self._group("All Employees", members, dynamic=True, description="Everyone with an account of ours")
        for office, _, _ in OFFICES:
            inside = self._where(lambda user, office=office: user.profile.office == office)  # type: ignore[misc]
            self._group(f"{office} Office", inside, "microsoft365", description=f"People at {office}")
        for department, _ in DEPARTMENTS[1:]:
            self._group(department, self._of(members, department), description=f"Department: {department}")

    def _add_sales(self) -> None:
        """Sales Europe holds Sales Germany as a nested group; both overlap the offices."""

        def sellers(*locations: str) -> list[User]:
            offices = [office for office, location, _ in OFFICES if location in locations]
            return [u for u in self._of(self.people, "Sales") if u.profile.office in offices]

        germany = self._group("Sales Germany", sellers("DE"), description="Sellers in Berlin and Munich")
        europe = self._group(
            "Sales Europe", [germany, *sellers("FR", "GB")], description="Sellers in Europe, Germany nested"
        )
        americas = self._group("Sales Americas", sellers("US"))
        asia = self._group("Sales Asia", sellers("JP"))
        self._group("Sales Worldwide", [europe, americas, asia], description="Nested groups only")

    def _add_special_groups(self) -> None:
        guests = self._where(lambda user: user.user_type == "Guest")
        leavers = self._where(lambda user: not user.account_enabled)
        managers = self._where(lambda user: (user.profile.job_title or "").endswith("Manager"))
        self._group("Partner Guests", guests, "microsoft365")
        self._group("Leavers", leavers, description="Disabled accounts that still hold licences")
        self._group("Managers", managers, "mailEnabledSecurity")
        self._group("Project Aurora", [], "microsoft365", description="Empty so far")
        self._group("Project Phoenix", [*self.people[100:180], *guests[:10]], "microsoft365")
        self._group(
            "Newsletter", [*self.people[::9], *self._others("orgContact", "Contact", 8)], "distribution"
        )
        self._group("Suppliers", self._others("orgContact", "Supplier", 12), "distribution")
        rooms = self._group("Meeting Rooms", self._others("device", "ROOM-DISPLAY", 20))
        self._group("Managed Devices", [rooms, *self._others("device", "LAPTOP", 30), *self.people[:5]])
        self._group("Finance Reports", [*self.people[300:330]], "mailEnabledSecurity")
        self._group(
            "New Joiners", self._where(lambda user: user.usage_location is None and user not in guests)
        )
        self._group("Apprentices", self.people[500:560])
        self._group("Works Council", self.people[600:611])
        circle = self._group("Committee A", self.people[20:30])
        back = self._group("Committee B", [circle, *self.people[25:35]])
        self.tenant.add_members(circle, [back.id], LONG_AGO)

    def _others(self, kind: str, name: str, number: int) -> list[OtherObject]:
        others = [OtherObject(new_guid(self.rng), f"{name}-{n:03d}", kind) for n in range(1, number + 1)]
        self.tenant.others.update((other.id, other) for other in others)
        return others

    def _add_licensing_groups(self) -> None:
        engineers = self._of(self.people, "Engineering")
        sellers = self._of(self.people, "Sales")
        drawers = [user for user in engineers if user.usage_location][:30]
        for name, members, part_number, disabled in (
            ("License Office 365 E3", engineers, "ENTERPRISEPACK", ("SWAY",)),
            ("License Visio Plan 2", drawers, "VISIOCLIENT", ()),
            ("License Power Automate", sellers[:150], "FLOW_FREE", ()),
        ):
            group = self._group(name, members, description="Group-based licensing")
            plans = load_catalog().plans
            group.assigned = {self.sku_ids[part_number]: tuple(plans[plan] for plan in disabled)}
            apply_to_users(self.tenant, members, LONG_AGO)

    def _add_hostile_groups(self) -> None:
        for number, name in enumerate(HOSTILE_NAMES):
            self._group(name, self.people[number * 11 : number * 11 + 3])


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
