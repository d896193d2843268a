"""The words that a plan uses in `reason`, `warnings`, errors and ended grants. Contract: never renamed."""

from typing import Final

# reasons: why an item's licences are left as they are
ALREADY_HELD: Final = "AlreadyHeld"
HELD_BY_INHERITANCE: Final = "HeldByInheritance"
NOT_HELD: Final = "NotHeld"
NOTHING_TO_REPLACE: Final = "NothingToReplace"
NOTHING_TO_UNDO: Final = "NothingToUndo"

# reasons and warnings of an undo: what it left alone
CHANGED_SINCE: Final = "ChangedSince"
LOCATION_KEPT: Final = "LocationKept"

# errors known before any write; ExpiryPassed also tells what an undo did not bring back
LICENSE_INHERITED: Final = "LicenseInherited"
USAGE_LOCATION_MISSING: Final = "UsageLocationMissing"
EXPIRY_PASSED: Final = "ExpiryPassed"

# warnings: what a plan means for the user
LOSES_MAILBOX: Final = "LosesMailbox"
LOSES_PHONE: Final = "LosesPhone"
STILL_INHERITED: Final = "StillInherited"
INHERITED_ONLY: Final = "InheritedOnly"
PLAN_CONFLICT: Final = "PlanConflict"
GUESTS: Final = "Guests"
DISABLED_ACCOUNTS: Final = "DisabledAccounts"

# why a grant ended
REMOVED: Final = "Removed"
REPLACED: Final = "Replaced"
EXPIRED: Final = "Expired"
UNDONE: Final = "Undone"
MADE_PERMANENT: Final = "MadePermanent"
ALREADY_GONE: Final = "AlreadyGone"
USER_DELETED: Final = "UserDeleted"

# why a sweep leaves a grant alone that was due when the sweep was made
GRANT_ENDED: Final = "GrantEnded"
EXPIRY_MOVED: Final = "ExpiryMoved"
