"""Everything that a region may have, over the wire: several benefits, a stay, an order, a warning."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from medsettle.models import Basket, Encounter, LegKind, Line, Outcome, Sale, SaleCard
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import enrolled, sell

pytestmark = pytest.mark.e2e

POLICIES = Path(__file__).parents[1] / "gateway" / "service" / "policies"
CLINIC, HOSPITAL = "C990100", "H990100"
LAN, MEI = "9901000001", "9901000002"
COLD = Line("COLD", "1", "200.00")
PILL = Line("PILL", "1", "100.00", condition="hypertension", days_supply=20)
BED = Line("BED", "2", "200.00")
TABLES = {
    "institution": (
        "code,name,region,kind,level,specialty,designations,state",
        f"{CLINIC},县门诊部,990100,clinic,primary,general,basic,active",
        f"{HOSPITAL},县医院,990100,hospital,secondary,general,basic,active",
    ),
    "catalogue": (
        "code,name,kind,class,self_pay_share,ceiling_yuan,ward,valid_from,valid_to,classes",
        "COLD,感冒灵颗粒,drug,A,,,,2020-01-01,,",
        "PILL,厄贝沙坦片,drug,A,,,,2020-01-01,,",
        "HERB,名贵药材,drug,A,,,,2020-01-01,,township=C",
        "BED,普通床位,bed,A,,,,2020-01-01,,",
    ),
    "member": (
        (
            "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
            "account_yuan,account_state,born_on"
        ),
        f"{LAN},兰花,E12345678,990100,resident,adult,pool_only,none,hypertension,2020-01-01,,,,1960-05-01",
        f"{MEI},梅花,E12345679,990100,resident,adult,pool_only,none,hypertension,2020-01-01,,,,",
    ),
    "attributes": ("member_no,name,value,from,to", f"{MEI},tier,low,2020-01-01,"),
}


@pytest.fixture(scope="module")
def county() -> Iterator[Gateway]:
    gateway = Gateway(settings={"policy.directory": str(POLICIES)})
    with gateway:
        entered = {name: table(gateway, name) for name in TABLES}
        operator(gateway, "institution", "import", entered["institution"])
        operator(gateway, "catalogue", "import", entered["catalogue"], "--region", "990100")
        operator(gateway, "member", "import", entered["member"])
        operator(gateway, "member", "attributes", entered["attributes"])
        yield gateway


def operator(gateway: Gateway, *arguments: str) -> Any:
    """Runs a command of the operator beside the gateway and returns what it printed."""
    return json.loads(gateway.run(*arguments, "--config", str(gateway.config_path), "--json"))


def table(gateway: Gateway, name: str) -> str:
    path = gateway.directory / f"{name}.csv"
    path.write_text("\n".join(TABLES[name]) + "\n", "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def clinic(county: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(county, CLINIC)) as till:
        yield till


def funds(card: SaleCard) -> dict[str, int]:
    return {leg.id: leg.amount_fen for leg in card.legs if leg.kind == LegKind.FUND}


def sale_of(till: Till, card: SaleCard) -> Sale:
    found = till.status(card.request_id or "").sale
    assert found is not None
    return found


def test_a_chronic_drug_and_a_cold_remedy_on_one_ticket_are_two_settlements(
    county: Gateway, clinic: Till
) -> None:
    quote = clinic.quote(county.issue_credential(LAN), Basket((COLD, PILL)))
    assert [each.benefit for each in quote.settlements] == ["general_outpatient", "chronic_outpatient"]
    assert dict(quote.settlements[0].breakdown.afterwards) == {"relief": 1_500}
    card = sell(county, clinic, LAN, Basket((COLD, PILL)))
    assert (card.outcome, funds(card)) == (Outcome.PAID, {"pooled": 5_000, "chronic": 6_000})
    assert [len(each.lines) for each in sale_of(clinic, card).settlements] == [1, 1]


def test_the_drug_that_was_handed_out_counts_on_the_next_ticket(county: Gateway, clinic: Till) -> None:
    card = sell(county, clinic, LAN, Basket((PILL,)), acknowledgements=("POSSIBLE_DUPLICATE",))
    assert funds(card) == {}


def test_what_the_region_knows_of_a_member_changes_the_ratio(county: Gateway, clinic: Till) -> None:
    card = sell(county, clinic, MEI, Basket((COLD,)))
    assert funds(card) == {"pooled": 6_000}


def test_an_item_stands_in_another_class_in_the_list_that_holds_at_the_place(
    county: Gateway, clinic: Till
) -> None:
    quote = clinic.quote(county.issue_credential(MEI), Basket((Line("HERB", "1", "80.00"),)))
    assert quote.settlements[0].breakdown.fully_self_paid_fen == 8_000


def test_the_bills_of_a_stay_share_one_deductible_and_the_last_one_raises_the_warning(
    county: Gateway,
) -> None:
    today = datetime.now(timezone(timedelta(hours=8))).date()
    stay = Encounter(admitted_on=today - timedelta(days=1))
    with Till.open(enrolled(county, HOSPITAL)) as till:
        first = sell(county, till, MEI, Basket((BED,), encounter=stay))
        ended = replace(stay, discharged_on=today)
        more = replace(BED, quantity="10", service_on=today)
        last = sell(county, till, MEI, Basket((more,), encounter=ended))
        assert (funds(first), funds(last)) == ({"pooled": 8_000}, {"pooled": 160_000})
        said = sale_of(till, last).advisories
    assert [each.code for each in said] == ["POVERTY_RISK"]
    assert "poverty_risk" in county.log
    assert "梅" not in county.log


def test_an_order_that_is_issued_while_the_gateway_runs_holds_for_the_next_sale_and_is_shown(
    county: Gateway, clinic: Till
) -> None:
    today = datetime.now(timezone(timedelta(hours=8))).date().isoformat()
    herb = Basket((Line("HERB", "1", "80.00"),))
    issued = operator(
        county, "order", "issue", "--region", "990100", "--waive", "catalogue", "--from", today,
        "--to", today, "--authority", "县医疗保障局", "--document", "1号", "--by", "王某",
    )
    card = sell(county, clinic, MEI, herb)
    sale = sale_of(clinic, card)
    assert sale.settlements[0].emergency_order == issued["id"]
    assert sale.settlements[0].breakdown.fully_self_paid_fen == 0
    undone = clinic.reverse(card.request_id or "", reason="returned")
    assert undone.outcome is Outcome.NOT_PAID
    assert operator(county, "ledger", "summary")["balanced"] is True
