"""Every refusal of the simulated Graph in one table: status, `error.code` and wording.

Rows marked "seen" carry the wording that Microsoft's service or documentation shows. Rows marked "assumed" are our
best guess where nothing is published: change them here, nothing else depends on them.
"""

from typing import NamedTuple


class Wording(NamedTuple):
    status: int
    code: str
    message: str


class Refusal:
    """The wordings by name; `{0}` and `{1}` take the ids and names of the case."""

    # Sign-in and permissions (seen; the expired wording is assumed)
    TOKEN_EMPTY = Wording(401, "InvalidAuthenticationToken", "Access token is empty.")
    TOKEN_INVALID = Wording(
        401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217"
    )
    TOKEN_EXPIRED = Wording(
        401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
    )
    FORBIDDEN = Wording(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )

    # Addresses and request shape
    NOT_FOUND = Wording(  # seen
        404,
        "Request_ResourceNotFound",
        "Resource '{0}' does not exist or one of its queried reference-property objects are not present.",
    )
    UNKNOWN_SEGMENT = Wording(400, "BadRequest", "Resource not found for the segment '{0}'.")  # assumed
    METHOD_NOT_ALLOWED = Wording(  # assumed
        405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
    )
    UNREADABLE_JSON = Wording(  # assumed
        400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set."
    )
    UNKNOWN_PROPERTY = Wording(  # assumed
        400,
        "BadRequest",
        "Parsing OData Select and Expand failed: Could not find a property named '{0}' on type '{1}'.",
    )
    INVALID_PROPERTY = Wording(  # assumed
        400, "Request_BadRequest", "A property named '{0}' does not exist on the resource or cannot be set."
    )

    # Queries
    SEARCH_NEEDS_HEADER = Wording(  # seen
        400,
        "Request_UnsupportedQuery",
        "Request with $search query parameter only works through MSGraph with a special request header: "
        "'ConsistencyLevel: eventual'",
    )
    COUNT_NEEDS_HEADER = Wording(400, "Request_BadRequest", "$count is not currently supported.")  # seen
    UNSUPPORTED_QUERY = Wording(400, "Request_UnsupportedQuery", "Unsupported Query.")  # seen
    CAST_NEEDS_HEADER = Wording(400, "Request_UnsupportedQuery", "Invalid search request.")  # seen
    SKIP_UNSUPPORTED = Wording(
        400, "Request_BadRequest", "'$skip' is not supported by the service."
    )  # assumed
    BAD_TOP = Wording(  # assumed
        400,
        "Request_UnsupportedQuery",
        "Invalid page size specified: '{0}'. Must be between 1 and 999 inclusive.",
    )
    BAD_FILTER = Wording(400, "BadRequest", "Invalid filter clause: {0}")  # assumed
    BAD_SEARCH = Wording(400, "Request_BadRequest", "Invalid search clause: {0}")  # assumed
    TOO_MANY_CLAUSES = Wording(  # assumed
        400,
        "Request_UnsupportedQuery",
        "Too many child clauses specified in search filter expression containing 'OR' operators: {0}. "
        "Max allowed: 15.",
    )
    PAGE_TOKEN_EXPIRED = Wording(  # seen; the status is assumed
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )
    TOO_MANY_IDS = Wording(
        400, "Request_BadRequest", "Too many values in 'ids'. Max allowed: 1000."
    )  # assumed

    # assignLicense
    PARAMETERS_MISSING = Wording(  # seen
        400,
        "Request_BadRequest",
        "One or more parameters of the operation '{0}' are missing from the request payload. "
        "The missing parameters are: {1}.",
    )
    NO_CHANGES = Wording(  # seen
        400,
        "Request_BadRequest",
        "No license changes provided. At least one license to add or remove must be specified.",
    )
    NOT_A_GUID = Wording(  # seen; the code is assumed
        400,
        "Request_BadRequest",
        "Cannot convert a primitive value to the expected type 'Edm.Guid'. "
        "See the inner exception for more details",
    )
    UNKNOWN_LICENSE = Wording(  # seen; the code is assumed
        400, "Request_BadRequest", "License {0} does not correspond to a valid company License."
    )
    NOT_ASSIGNABLE = Wording(  # assumed: a licence whose appliesTo is Company
        400, "Request_BadRequest", "License {0} does not correspond to a valid company License."
    )
    ADDED_AND_REMOVED = Wording(  # assumed
        400, "Request_BadRequest", "License {0} cannot be both added and removed in one request."
    )
    LICENSE_TWICE = Wording(  # assumed
        400, "Request_BadRequest", "License {0} is specified more than once in one request."
    )
    NOT_HELD = Wording(400, "Request_BadRequest", "User does not have a corresponding license.")  # seen
    INHERITED = Wording(  # seen; the code is assumed
        400,
        "Request_BadRequest",
        "User license is inherited from a group membership and it cannot be removed directly from the user.",
    )
    NO_UNITS = Wording(  # seen
        400, "Request_BadRequest", "Subscription with SKU {0} does not have any available licenses."
    )
    INVALID_LOCATION = Wording(  # seen; the code is assumed
        400,
        "Request_BadRequest",
        "License assignment cannot be done for user with invalid usage location.",
    )
    DEPENDENCY = Wording(  # seen
        400,
        "Request_BadRequest",
        "License assignment failed because service plan {0} depends on the service plan(s) {1}",
    )
    EXCLUSIVE = Wording(  # seen; the code is assumed
        400,
        "Request_BadRequest",
        "License assignment failed because service plans {0}, {1} are mutually exclusive.",
    )
    PLAN_NOT_IN_LICENSE = Wording(  # assumed
        400, "Request_BadRequest", "Service plan {0} does not belong to the license with SKU {1}."
    )
    REPROCESS_FAILED = Wording(  # assumed: group-based assignment refused for another reason
        400, "Request_BadRequest", "License assignment failed with error {0}."
    )
    GROUP_NOT_SECURITY = Wording(  # assumed
        400, "Request_BadRequest", "Licenses can only be assigned to a security-enabled group."
    )
    GROUP_LICENSE_NOT_HELD = Wording(  # assumed
        400, "Request_BadRequest", "Group does not have a corresponding license."
    )

    # Users
    READ_ONLY = Wording(  # seen
        400, "Request_BadRequest", "Property '{0}' is read-only and cannot be set."
    )
    INVALID_VALUE = Wording(  # assumed
        400, "Request_BadRequest", "Invalid value specified for property '{0}' of resource 'User'."
    )

    # $batch (all assumed except the codes of the items)
    BATCH_MALFORMED = Wording(400, "BadRequest", "Invalid batch payload format: {0}")
    BATCH_TOO_LARGE = Wording(
        400, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20."
    )
    DEPENDENCY_FAILED = Wording(424, "Failed Dependency", "The request it depends on failed.")
    BATCH_NESTED = Wording(400, "BadRequest", "A batch request cannot contain another batch request.")
    BATCH_CONTENT_TYPE = Wording(
        400, "BadRequest", "Write request id : {0} does not contain Content-Type header or body."
    )

    # Limits: as seen
    THROTTLED = Wording(
        429,
        "TooManyRequests",
        "Too many requests from Identifier:{0} under category:aadgraph.app.{1}. Please try again later.",
    )

    # Drives
    DRIVE_NOT_FOUND = Wording(404, "itemNotFound", "The resource could not be found.")
    NAME_CONFLICT = Wording(409, "nameAlreadyExists", "The specified item name already exists.")
    UPLOAD_CONFLICT = Wording(409, "upload_name_conflict", "Another file exists with the same name.")
    UPLOAD_UNKNOWN = Wording(404, "itemNotFound", "The upload session was not found")
    UPLOAD_AUTHORIZED = Wording(
        401, "unauthenticated", "The upload URL carries its own authorization; send no Authorization header."
    )
    UPLOAD_RANGE = Wording(
        416, "invalidRange", "Optimistic concurrency failure during fragmented upload: {0}"
    )
    UPLOAD_FRAGMENT = Wording(400, "invalidRequest", "Invalid fragment: {0}")
    FILE_TOO_LARGE = Wording(
        413, "maxFileSizeExceeded", "The file is larger than 250 MB: use an upload session."
    )


class GraphError(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self,
        refusal: Wording,
        *details: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.refusal = refusal
        self.status = refusal.status
        self.code = refusal.code
        self.message = refusal.message.format(*details) if details else refusal.message
        self.headers = headers or {}
        super().__init__(f"{self.status} {self.code}: {self.message}")
