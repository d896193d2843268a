"""The shapes of request bodies. Strict: nothing is coerced, unknown fields are faults.

Every field is optional here. Which are required, and which have a meaning, depends on the action: `rules.py`.
"""

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic.alias_generators import to_camel

from shared.api.faults import CUSTOM, NO_SUCH_KIND
from shared.api.fields import MAX_URL, CountryCode, Guid, Key, Moment, Note, counted, refusal

EventName = Literal["job.finished", "license.expiring", "license.expired", "sweep.stopped"]

MAX_GROUPS = 500
MAX_LICENSES = 50
MAX_REPLACES = 100

# Naming and Referencing Containers, Blobs, and Metadata (Azure Storage documentation).
_CONTAINER = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_NOT_IN_BLOBS = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")
_MAX_BLOB_PATH = 1_024
# Restrictions and limitations in OneDrive and SharePoint (Microsoft Support).
_NOT_IN_FOLDERS = re.compile(r'["*:<>?\\|\x00-\x1f\x7f]')
_MAX_FOLDER_PATH = 400
_DRIVE_ID = re.compile(r"[A-Za-z0-9!_.-]{1,200}")


class Body(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,  # the docstrings of fields are their descriptions in OpenAPI
    )


def _container(name: str) -> str:
    if not _CONTAINER.fullmatch(name):
        raise refusal("A container's name has 3 to 63 lower-case letters, digits and single hyphens.")
    return name


def _blob_path(path: str) -> str:
    if any(part in ("", ".", "..") for part in path.split("/")) or path.endswith("."):
        raise refusal("The path must name a file, such as reports/licenses.xlsx: no empty or dotted parts.")
    if _NOT_IN_BLOBS.search(path):
        raise refusal("The path must hold neither backslashes nor control or private characters.")
    return path


def _folder_path(path: str) -> str:
    parts = path.strip("/").split("/")
    if any(part in (".", "..") for part in parts) or (len(parts) > 1 and "" in parts):
        raise refusal("The path must name a folder, such as /Reports/Licenses: no empty or dotted parts.")
    if _NOT_IN_FOLDERS.search(path):
        raise refusal('The path must not hold " * : < > ? \\ | or control characters.')
    return path


def _drive_id(text: str) -> str:
    if not _DRIVE_ID.fullmatch(text):
        raise refusal("This must be the ID of a drive, as Microsoft Graph gives it.")
    return text


def _true(value: bool) -> bool:
    """Literal[True] would take 1 for it."""
    if not value:
        raise refusal("This can only be true. To keep an expiry, send expiresAt or expiresIn.")
    return value


class LicenseBody(Body):
    """A license to give or to take. Without `disabledPlans` a user's own ones stay as they are."""

    sku_id: Guid
    disabled_plans: list[Guid] | None = None


class ExpiresInBody(Body):
    value: Annotated[int, Field(ge=1)]
    unit: Literal["days", "weeks", "months"]


class IncludeBody(Body):
    """Which members take part besides ordinary ones."""

    guests: bool = True
    disabled: bool = True


class DownloadBody(Body):
    kind: Literal["download"]


class BlobBody(Body):
    kind: Literal["blob"]
    container: Annotated[str, AfterValidator(_container)]
    path: Annotated[str, Field(max_length=_MAX_BLOB_PATH), AfterValidator(_blob_path)]


class SharePointBody(Body):
    kind: Literal["sharepoint"]
    drive_id: Annotated[str, AfterValidator(_drive_id)]
    folder_path: Annotated[str, Field(max_length=_MAX_FOLDER_PATH), AfterValidator(_folder_path)]


def _location_tag(value: object) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return f"<{kind}>" if kind in ("download", "blob", "sharepoint") else None


LocationBody = Annotated[
    Annotated[DownloadBody, Tag("<download>")]
    | Annotated[BlobBody, Tag("<blob>")]
    | Annotated[SharePointBody, Tag("<sharepoint>")],
    Discriminator(
        _location_tag,
        custom_error_type=NO_SUCH_KIND,
        custom_error_message="This must be an object whose kind is 'download', 'blob' or 'sharepoint'.",
    ),
]


class ExportBody(Body):
    format: Literal["xlsx", "csv", "json"] = "xlsx"
    location: LocationBody = DownloadBody(kind="download")


def _replaces_tag(value: object) -> str | None:
    if value == "all":
        return "<all>"
    return "<list>" if isinstance(value, list) else None


ReplacesBody = Annotated[
    Annotated[Literal["all"], Tag("<all>")] | Annotated[list[Guid], counted(1, MAX_REPLACES), Tag("<list>")],
    Discriminator(
        _replaces_tag,
        custom_error_type=CUSTOM,
        custom_error_message="This must be 'all' or a list of the IDs of the licenses to replace.",
    ),
]


class JobBody(Body):
    """POST /jobs: either an action with its fields, or a plan with its few."""

    action: Literal["assign", "remove", "replace", "export"] | None = None
    group_ids: Annotated[list[Guid] | None, counted(1, MAX_GROUPS)] = None
    """The groups whose users the job is about; an ID named twice counts once."""
    licenses: Annotated[list[LicenseBody] | None, counted(1, MAX_LICENSES)] = None
    """What to assign or remove; for replace, the replacements."""
    replaces: ReplacesBody | None = None
    """For replace: the licenses to be replaced, or `all` direct ones."""
    usage_location: CountryCode | None = None
    """For assign and replace: the country to set, a code of GET /locations. Null: no change."""
    usage_location_mode: Literal["always", "ifMissing"] = "always"
    """Whether to set it for every user, or only for those who have none."""
    expires_in: ExpiresInBody | None = None
    """For assign: the licenses are taken back after this time."""
    include: IncludeBody = IncludeBody()
    confirm: bool = False
    """Must be true where licenses are removed: the users' records tied to them go with them."""
    dry_run: bool = False
    """Says what would happen, and changes nothing."""
    allow_shortage: bool = False
    """Goes on although a license has no unit left."""
    keep_disabled_plans: bool = False
    """For replace: services that were switched off stay so in the replacement."""
    stop_after_failures: Annotated[int, Field(ge=1)] | None = None
    """Begins nothing more after so many lasting failures."""
    start_at: Moment | None = None
    """When to begin, within a year; a time in the past means now."""
    callback_url: Annotated[str, Field(max_length=MAX_URL, json_schema_extra={"format": "uri"})] | None = None
    """Gets the job by POST when it ends; an https URL on a host of the setting CALLBACK_HOSTS."""
    note: Note | None = None
    client_request_id: Key | None = None
    """The same as the header Idempotency-Key."""
    export: ExportBody | None = None
    """For export: kind of file, and where it goes."""
    plan: Guid | None = None
    """The ID of a finished dry run to carry out; instead of an action."""


class UndoBody(Body):
    """POST /jobs/{id}/undo; may be left out."""

    confirm: bool = False
    dry_run: bool = False
    note: Note | None = None
    client_request_id: Key | None = None


class GrantBody(Body):
    """PATCH /temporary-licenses/{id}: exactly one of the three."""

    expires_at: Moment | None = None
    expires_in: ExpiresInBody | None = None
    permanent: Annotated[bool, AfterValidator(_true), WithJsonSchema({"const": True})] | None = None


class ReceiverBody(Body):
    """POST /subscriptions/jobs and /subscriptions/expiry, for triggers that are told of one event."""

    model_config = ConfigDict(json_schema_extra={"required": ["callbackUrl"]})

    callback_url: Annotated[str, Field(max_length=MAX_URL, json_schema_extra={"format": "uri"})] | None = None
    """Gets each event by POST: an https URL on a host of the setting CALLBACK_HOSTS. Kept as a secret."""


class SubscriptionBody(ReceiverBody):
    """POST /subscriptions."""

    model_config = ConfigDict(json_schema_extra={"required": ["callbackUrl", "events"]})

    events: Annotated[list[EventName] | None, counted(1, len(get_args(EventName)))] = None
    """What to be told of."""
    format: Literal["json", "teams"] = "json"
    """`json`: the event; `teams`: a card for the webhook of a Teams workflow."""


class GroupIdsBody(Body):
    """POST /licenses/assigned."""

    model_config = ConfigDict(json_schema_extra={"required": ["groupIds"]})

    group_ids: Annotated[list[Guid] | None, counted(1, MAX_GROUPS)] = None
