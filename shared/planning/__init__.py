"""What is to be done to a user: pure decisions, values in and values out, a module per action.

Nothing here reads a clock, Graph or Storage. The rules are those of the actions' meaning in the design.
"""

from shared.planning.change import plan_user
from shared.planning.consequences import consequences
from shared.planning.expiry import plan_expiry
from shared.planning.holding import resulting_state
from shared.planning.reading import Applied, license_applied, location_applied, same_as_planned
from shared.planning.undo import plan_undo

__all__ = [
    "Applied",
    "consequences",
    "license_applied",
    "location_applied",
    "plan_expiry",
    "plan_undo",
    "plan_user",
    "resulting_state",
    "same_as_planned",
]
