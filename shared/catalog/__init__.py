"""Names that Microsoft Graph does not give: of products and service plans, and the countries of ISO 3166.

Product names change while ids stay, and several ids share a name; the tenant's own SKUs are the authority on
what there is, this package only on how to call it. To bring the names up to date, see `names.py`.
"""

from shared.catalog.countries import locations
from shared.catalog.names import product_name, service_plan_name

__all__ = ["locations", "product_name", "service_plan_name"]
