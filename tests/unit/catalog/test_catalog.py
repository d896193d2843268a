"""Product names, service plan names, locations."""

from pathlib import Path

import pytest

from shared.catalog import locations, product_name, service_plan_name
from shared.catalog.names import DATA, PUBLISHED, load_names

E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
EXCHANGE_P2 = "efb87545-963c-4e0d-99df-69c6916d9eb0"
UNKNOWN = "11111111-2222-4333-8444-555555555555"
NEW_PLAN = "aaaaaaaa-2222-4333-8444-555555555555"
HEADER = (
    "Product_Display_Name,String_Id,GUID,"
    "Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names"
)


def test_products_are_known_by_their_id() -> None:
    assert product_name(E3, "ENTERPRISEPACK") == "Office 365 E3"
    assert product_name(E3.upper(), "ENTERPRISEPACK") == "Office 365 E3"
    assert product_name(UNKNOWN, "NEW_SKU") == "NEW_SKU"


def test_service_plans_are_known_by_their_id() -> None:
    assert service_plan_name(EXCHANGE_P2, "EXCHANGE_S_ENTERPRISE") == "Exchange Online (Plan 2)"
    assert service_plan_name(UNKNOWN, "NEW_PLAN") == "NEW_PLAN"


def test_names_with_other_than_ascii_are_read_right() -> None:
    plan = "2b815d45-56e4-4e3a-b65c-66cb9175b560"
    assert (
        service_plan_name(plan, "") == "Information Protection and Governance Analytics \N{EN DASH} Standard"
    )


def test_every_country_of_iso_3166() -> None:
    found = locations()
    assert len(found) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() and name for code, name in found.items())
    assert (found["DE"], found["US"], found["AX"]) == (
        "Germany",
        "United States of America",
        "Åland Islands",
    )
    assert not {"UK", "EU", "XX"} & found.keys()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("product_names.csv", "service_plans.csv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_microsofts_file_extends_the_names(data: Path, encoding: str) -> None:
    rows = (
        f"{HEADER}\r\n"
        f"Café Suite \N{EN DASH} P1 ,CAFE,{UNKNOWN.upper()},CAFE_PLAN,{NEW_PLAN.upper()},Café\r\n"
        f"Office 365 E3 (new name),ENTERPRISEPACK,{E3},EXCHANGE_S_ENTERPRISE,{EXCHANGE_P2},\r\n"
    )
    (data / PUBLISHED).write_bytes(rows.encode(encoding))
    names = load_names(data)
    assert names.products[UNKNOWN] == "Café Suite \N{EN DASH} P1"
    assert names.service_plans[NEW_PLAN] == "Café"
    assert names.products[E3] == "Office 365 E3 (new name)"
    assert names.service_plans[EXCHANGE_P2] == "Exchange Online (Plan 2)"
    assert names.products["18181a46-0d4e-45cd-891e-60aabd171b4e"] == "Office 365 E1"


def test_a_file_without_its_columns_is_refused_by_name(data: Path) -> None:
    (data / PUBLISHED).write_text("Product_Display_Name,GUID\r\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Service_Plan_Id"):
        load_names(data)
