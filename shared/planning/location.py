"""The usage location of assign and replace."""

from shared.models import ChangeRequest, LocationChange, UserState


def plan_location(request: ChangeRequest, user: UserState) -> LocationChange | None:
    """None where the request says "No Change", the user has that location, or `ifMissing` finds one."""
    wanted = request.usage_location
    if not wanted or wanted == user.usage_location:
        return None
    if request.usage_location_mode == "ifMissing" and user.usage_location:
        return None
    return LocationChange(before=user.usage_location, after=wanted)
