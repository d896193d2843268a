"""The tenants a simulator can start with."""

from local.graph.state import Tenant


def make_tenant(name: str, seed: int, now: float) -> Tenant:
    """`empty` holds nothing; `default` is Contoso. Both follow from the seed."""
    return Tenant(seed)
