"""Bodies of the control calls; unknown fields are refused, so that a typo cannot pass for a setting."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.graph.faults import Fault

Units = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class ResetBody(Body):
    tenant: Literal["default", "empty"] = "default"
    seed: int = 1


class PlanSeed(Body):
    service_plan_id: str
    service_plan_name: str


class LicenseSeed(Body):
    sku_id: str
    disabled_plans: list[str] = []


class SkuSeed(Body):
    sku_part_number: str
    sku_id: str | None = None
    enabled: Units = 25
    warning: Units = 0
    suspended: Units = 0
    locked_out: Units = 0
    applies_to: Literal["User", "Company"] = "User"
    capability_status: str | None = None
    service_plans: list[PlanSeed] | None = None


class UserSeed(Body):
    id: str | None = None
    user_principal_name: str | None = None
    display_name: str | None = None
    account_enabled: bool = True
    user_type: Literal["Member", "Guest"] = "Member"
    usage_location: str | None = None
    licenses: list[LicenseSeed] = []


class GroupSeed(Body):
    id: str | None = None
    display_name: str
    kind: Literal["security", "microsoft365", "mailEnabledSecurity", "distribution"] = "security"
    dynamic: bool = False
    members: list[str] = []
    assigned_licenses: list[LicenseSeed] = []


class BulkLicense(Body):
    sku_id: str
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    disabled_plans: list[str] = []


class BulkSeed(Body):
    """Users made by number. Without `firstIndex` they are new ones; with it, those of that range that exist are
    shared with the groups that hold them already."""

    display_name: str
    users: Annotated[int, Field(ge=0)]
    group_id: str | None = None
    usage_location: str | None = "DE"
    licenses: list[BulkLicense] = []
    first_index: Annotated[int, Field(ge=0)] | None = None


class SeedBody(Body):
    skus: list[SkuSeed] = []
    users: list[UserSeed] = []
    groups: list[GroupSeed] = []
    bulk: list[BulkSeed] = []


class UserPatch(Body):
    display_name: str | None = None
    usage_location: str | None = None
    account_enabled: bool | None = None
    user_type: Literal["Member", "Guest"] | None = None
    licenses: list[LicenseSeed] | None = None


class GroupPatch(Body):
    add: list[str] = []
    remove: list[str] = []
    assigned_licenses: list[LicenseSeed] | None = None
    display_name: str | None = None


class SkuPatch(Body):
    enabled: Units | None = None
    warning: Units | None = None
    suspended: Units | None = None
    locked_out: Units | None = None
    capability_status: str | None = None


class LatencyBody(Body):
    milliseconds: Seconds = 0.0
    jitter: Seconds = 0.0


class LimitsBody(Body):
    writes: Annotated[int, Field(ge=1)] = 3000
    seconds: Annotated[float, Field(gt=0)] = 150.0
    resource_units: Annotated[int, Field(ge=1)] = 8000
    resource_unit_seconds: Annotated[float, Field(gt=0)] = 10.0
    enabled: bool = True


class LagBody(Body):
    read_after_write_seconds: Seconds = 0.0
    usage_location_seconds: Seconds = 0.0
    members_seconds: Seconds = 0.0


class FaultsBody(Body):
    faults: list[Fault]


class TokensBody(Body):
    lifetime_seconds: Annotated[int, Field(ge=1)] = 3599


class PermissionsBody(Body):
    withhold: list[str] = []
