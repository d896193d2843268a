"""What the warnings of a job mean, in sentences; their codes are part of the contract."""

from types import MappingProxyType

WARNING_TEXTS = MappingProxyType(
    {
        "LosesMailbox": "These users lose the service that keeps their mailbox. Microsoft deletes "
        "its content 30 days later unless they get one again.",
        "LosesPhone": "These users lose their phone service; their phone numbers become unassigned.",
        "InheritedOnly": "These users hold a license through a group only. Change that group or its "
        "members to take it from them.",
        "StillInherited": "These users keep a removed license, since a group gives it to them too.",
        "UsageLocationMissing": "These users have no usage location and get none. Choose one, or they fail.",
        "PlanConflict": "For these users two services exclude each other, or one lacks another that it "
        "needs. Microsoft Graph is likely to refuse. Switch one of the services off.",
        "Guests": "These users are guests.",
        "DisabledAccounts": "The accounts of these users are disabled.",
        "ChangedSince": "For these users a license or the location was changed after the job; that is "
        "left as it is.",
        "LocationKept": "These users keep their usage location, since it cannot be emptied again.",
        "ExpiryPassed": "These users do not get a temporary license back, since its time has passed.",
        "Shortage": "So many units are missing. Buy or free some, or select fewer users.",
    }
)
"""Sentences by code."""
