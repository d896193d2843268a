"""What is publicly known about service plans that exclude or need each other, by servicePlanName.

Sources: "Product names and service plan identifiers for licensing", section "Service plans that cannot be
assigned at the same time" (MicrosoftDocs/azure-docs, licensing-service-plan-reference.md at 0097bb4d; no
complete list has been published since); "Identify and resolve license assignment problems for a group"
(Microsoft Entra docs, 2024) for Exchange Online Plan 1 and 2 standing together and for the dependencies;
the sample of the cloudLicensing API for Teams. The lists are incomplete by nature: only Graph refuses,
these only warn.
"""

from typing import Final

MAILBOX_PLANS: Final = frozenset(
    {
        "EXCHANGE_B_STANDARD",
        "EXCHANGE_L_STANDARD",
        "EXCHANGE_S_DESKLESS",
        "EXCHANGE_S_ENTERPRISE",
        "EXCHANGE_S_ESSENTIALS",
        "EXCHANGE_S_STANDARD",
        "EXCHANGE_S_STANDARD_MIDMARKET",
    }
)
"""Any of them keeps a user's mailbox."""

PHONE_PLANS: Final = frozenset({"MCOEV", "MCOEV_VIRTUALUSER"})
"""Any of them keeps a user's phone number."""

EXCLUSIVE_FAMILIES: Final[tuple[frozenset[str], ...]] = (
    MAILBOX_PLANS | {"EXCHANGE_S_ARCHIVE"},
    frozenset(
        {
            "ONEDRIVEENTERPRISE",
            "SHAREPOINTDESKLESS",
            "SHAREPOINTENTERPRISE",
            "SHAREPOINTENTERPRISE_EDU",
            "SHAREPOINTENTERPRISE_MIDMARKET",
            "SHAREPOINTLITE",
            "SHAREPOINTSTANDARD",
            "SHAREPOINTSTANDARD_EDU",
            "SHAREPOINT_S_DEVELOPER",
        }
    ),
    frozenset({"INTUNE_A", "INTUNE_A_VL", "INTUNE_B"}),
    frozenset({"MCOIMP", "MCOLITE", "MCOSTANDARD", "MCOSTANDARD_MIDMARKET"}),
    frozenset({"MCOPSTN1", "MCOPSTN2", "MCOPSTN5"}),
    frozenset({"YAMMER_EDU", "YAMMER_ENTERPRISE", "YAMMER_MIDSIZE"}),
    frozenset({"TEAMS1", "TEAMS_FREE"}),
)
"""Two plans of one family cannot be enabled for one user, but for `COMPATIBLE`."""

COMPATIBLE: Final = frozenset({frozenset({"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE"})})
"""Pairs of one family that may stand together all the same."""

DEPENDENCIES: Final[dict[str, frozenset[str]]] = {
    "SHAREPOINT_PROJECT": frozenset({"SHAREPOINTENTERPRISE"}),
    "WORKPLACE_ANALYTICS": frozenset({"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE"}),
    "MCOMEETADV": frozenset({"MCOSTANDARD", "TEAMS1"}),
    "MCOEV": frozenset({"TEAMS1"}),
    "THREAT_INTELLIGENCE": MAILBOX_PLANS,
}
"""A plan and those of which it needs at least one."""
