"""Supervision at the counter: what is found is shown before the sale, stops it, or is accepted on record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw, structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, AskedPrescription, Collect
from medsettle_gateway.domain.basket import CatalogueClass, LineKind, Prescription
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.filings import ChronicFiled, FilingFact
from medsettle_gateway.domain.finding import AcceptedWarning, Verdict
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.keys import AnyKey, Facts, PastSalesKey
from medsettle_gateway.domain.place import PlaceFact
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import (
    CheckEligibility,
    QuoteAnswer,
    RefusedAnswer,
    SaleAnswer,
    Settle,
)
from tests.gateway.service.borough import enter, person
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.world import (
    CLINIC,
    DAUGHTER,
    FATHER,
    NOON,
    PHARMACY,
    REGION,
    HandClock,
    World,
    basket,
    caller,
    item,
    line,
    split,
)

WATCHED = Path(__file__).parent / "policies" / "watched.yaml"
DAY = timedelta(days=1)
REASON = "医师调整了剂量"
EARLY = AcceptedWarning("REPEATED_DRUG", REASON)


@cache
def watched_packs() -> Packs:
    return Packs.load([*shipped_packs(), read_pack(WATCHED)])


async def a_world(father_fen: int = 500_000, **changes: Any) -> World:
    """The city under supervision; the clinic lies in one district and the pharmacy in another."""
    world = World(packs=watched_packs(), **{"clock": HandClock(), **changes})
    tables = world.store.tables
    for code, district in ((CLINIC, "210302"), (PHARMACY, "210303")):
        tables.institutions[code] = replace(tables.institutions[code], district=district)
    guided = replace(item("GUIDED", LineKind.DRUG), terms=Terms(price_most_micro=20_000_000))
    tables.catalogue[REGION, "GUIDED"] = (guided,)
    soap = item("SOAP", LineKind.DAILY_GOODS, CatalogueClass.C)
    tables.catalogue[REGION, "SOAP"] = (soap,)
    return await world.started(a_father=father_fen)


def drug(days: int | None = 14, code: str = "DRUG", amount_fen: int = 3_000, **changes: Any) -> AskedLine:
    return structs.replace(line(code, amount_fen), days_supply=days, **changes)


async def buys(world: World, *lines: AskedLine, **changes: Any) -> SaleRecord:
    return await world.settled(basket=basket(*(lines or (drug(),))), **changes)


async def asked(world: World, *lines: AskedLine, **changes: Any) -> Settle:
    """A Settle of what was quoted."""
    bought = basket(*(lines or (drug(),)))
    place = changes.pop("place", CLINIC)
    who = changes.pop("who", FATHER)
    quote = await world.quoted(who, basket=bought, place=place)
    facts: dict[str, Any] = {
        "expected": quote.split, "basket": bought, "credential": world.credential(who),
        "acknowledgements": ("POSSIBLE_DUPLICATE",), **changes,
    }
    return world.settle(world.request_id(place), **facts)


async def stopped(world: World, *lines: AskedLine, **changes: Any) -> RefusedAnswer:
    return await world.refused(await asked(world, *lines, **changes))


def codes(answer: RefusedAnswer | SaleRecord) -> list[str]:
    findings = answer.findings if isinstance(answer, SaleRecord) else answer.refusal.findings
    return [each.code for each in findings]


async def checked(world: World, place: str = CLINIC) -> EligibilityAnswer:
    answer = await world.ask(CheckEligibility(caller("1", place), world.credential()))
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


async def told_before(world: World, place: str) -> list[str]:
    """What supervision says before anything is bought."""
    return [each.code for each in (await checked(world, place)).advisories if each.verdict is not None]


async def test_a_quote_shows_the_warning_with_its_verdict_lines_and_clause() -> None:
    world = await a_world()
    await buys(world)
    quote = await world.quoted(basket=basket(drug()))
    assert isinstance(quote, QuoteAnswer)
    (first, *_) = quote.advisories
    assert (first.code, first.verdict, first.line_ids) == ("REPEATED_DRUG", Verdict.WARN, ("1",))
    assert first.clause == "本地智能监控规则"
    assert first.zh.startswith("重复购药:DRUG尚未用完,2026-07-09起可以再买。")


async def test_a_warning_that_nobody_has_accepted_refuses_on_record_and_uses_nothing_up() -> None:
    world = await a_world()
    await buys(world)
    balance = world.balance("a-father")
    command = await asked(world)
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (Reason.SUPERVISION_WARNING, True)
    assert answer.refusal.detail == {"warnings": "REPEATED_DRUG"}
    assert codes(answer) == ["REPEATED_DRUG"]
    assert world.balance("a-father") == balance
    assert command.credential.token not in world.store.tables.credentials
    sale = world.store.tables.sales[command.request_id.text]
    assert (sale.state, sale.refusal) == (SaleState.REFUSED, answer.refusal)
    assert await world.refused(command) == answer


async def test_an_accepted_warning_stands_with_its_reason_in_the_sale_and_in_the_books() -> None:
    world = await a_world()
    await buys(world)
    sale = await world.sale(await asked(world, accepted_warnings=(EARLY,)))
    assert sale.state is SaleState.SETTLED
    assert codes(sale) == ["REPEATED_DRUG"]
    assert sale.accepted == (EARLY,)
    (entry,) = (
        entry for entry in world.store.tables.entries.values() if entry.request_id == sale.request_id.text
    )
    assert entry.reason == f"accepted REPEATED_DRUG: {REASON}"


async def test_another_warning_that_is_accepted_does_not_help_and_one_too_many_does_no_harm() -> None:
    world = await a_world()
    other = AcceptedWarning("OVER_DAYS", "备案")
    sale = await buys(world, accepted_warnings=(other,))
    assert (sale.findings, sale.accepted) == ((), ())
    answer = await stopped(world, accepted_warnings=(other,))
    assert answer.refusal.reason is Reason.SUPERVISION_WARNING
    sale = await world.sale(await asked(world, accepted_warnings=(other, EARLY)))
    assert sale.accepted == (EARLY,)


async def test_each_warning_is_accepted_by_itself() -> None:
    world = await a_world()
    await buys(world)
    both = await stopped(world, drug(days=20))
    assert both.refusal.detail == {"warnings": "REPEATED_DRUG,OVER_DAYS"}
    one = await stopped(world, drug(days=20), accepted_warnings=(EARLY,))
    assert one.refusal.detail == {"warnings": "OVER_DAYS"}
    assert codes(one) == ["OVER_DAYS", "REPEATED_DRUG"]


async def test_what_blocks_is_refused_whatever_is_accepted_and_settles_at_the_guidance_price() -> None:
    world = await a_world()
    dear = drug(code="GUIDED", amount_fen=2_001)
    answer = await stopped(world, dear, accepted_warnings=(AcceptedWarning("OVER_PRICE", "进价高"),))
    assert (answer.refusal.reason, answer.recorded) == (Reason.SUPERVISION_BLOCKED, True)
    (finding,) = answer.refusal.findings
    assert (finding.code, finding.verdict, finding.line_ids) == ("OVER_PRICE", Verdict.BLOCK, ("1",))
    assert codes(await buys(world, drug(code="GUIDED", amount_fen=2_000))) == []


async def test_a_reminder_stops_nothing_and_is_kept() -> None:
    world = await a_world()
    written = AskedPrescription("rx", Prescription.OWN)
    lines = (drug(prescription_id="rx"), drug(code="DRUG2", line_id="2", prescription_id="rx"))
    bought = basket(*lines, prescriptions=(written,))
    sale = await world.settled(basket=bought)
    assert [(each.code, each.verdict) for each in sale.findings] == [("DRUG_KINDS", Verdict.REMIND)]
    assert sale.accepted == ()


async def test_a_hold_counts_as_bought_until_its_time_is_over_swept_or_not() -> None:
    world = await a_world()
    held = await world.held(basket=basket(drug()))
    assert codes(await stopped(world)) == ["REPEATED_DRUG"]
    world.clock.forward(minutes=11)
    assert (await world.quoted(basket=basket(drug()))).advisories[0].verdict is None
    assert world.store.tables.sales[held.request_id.text].state is SaleState.HELD
    assert codes(await buys(world)) == []


async def test_a_hold_is_watched_when_it_is_made_and_confirmed_without_another_look() -> None:
    world = await a_world()
    held = await world.held(basket=basket(drug()))
    second = await world.sale(await asked(world, collect=Collect.LATER, accepted_warnings=(EARLY,)))
    assert (await world.sale(world.confirm(held))).state is SaleState.SETTLED
    confirmed = await world.sale(world.confirm(second))
    assert (confirmed.state, confirmed.accepted) == (SaleState.SETTLED, (EARLY,))


async def test_what_was_reversed_was_not_bought() -> None:
    world = await a_world()
    sale = await buys(world)
    await world.sale(world.reverse(sale.request_id))
    assert codes(await buys(world)) == []


async def test_of_a_return_what_stays_counts_from_the_day_it_was_bought() -> None:
    world = await a_world()
    lines = (drug(), drug(code="DRUG2", line_id="2"))
    sale = await buys(world, *lines)
    world.clock.forward(hours=2)
    kept = basket(lines[0])
    left = await world.quoted(basket=kept, replaces=sale.request_id)
    back = world.settle(basket=kept, expected=left.split, replaces=sale.request_id)
    assert codes(await world.sale(back)) == []
    assert codes(await stopped(world, lines[0])) == ["REPEATED_DRUG"]
    assert codes(await buys(world, lines[1])) == []


async def test_of_a_return_what_was_accepted_stays_with_the_lines_that_stay() -> None:
    world = await a_world()
    await buys(world)
    early, more = drug(), drug(code="DRUG2", line_id="2")
    sale = await world.sale(await asked(world, early, more, accepted_warnings=(EARLY,)))
    kept = basket(structs.replace(early, amount_fen=1_500, quantity_e4=5_000))
    for stays, found, accepted in ((kept, ["REPEATED_DRUG"], (EARLY,)), (basket(more), [], ())):
        left = await world.quoted(basket=stays, replaces=sale.request_id)
        back = world.settle(basket=stays, expected=left.split, replaces=sale.request_id)
        returned = await world.sale(back)
        assert (codes(returned), returned.accepted) == (found, accepted)
        await world.sale(world.reverse(returned.request_id))
        sale = await world.sale(await asked(world, early, more, accepted_warnings=(EARLY,)))


async def test_a_quote_warns_of_two_places_only_where_nobody_else_has_come() -> None:
    world = await a_world()
    await buys(world)
    world.clock.forward(minutes=10)
    facts: dict[str, Any] = {"basket": basket(drug(code="DRUG2")), "place": PHARMACY}
    warned, told = await world.quoted(**facts), await world.quoted(**facts, proxied=True)
    assert [each.code for each in warned.advisories if each.verdict] == ["TWO_PLACES"]
    assert [each.code for each in told.advisories if each.verdict] == []


async def test_the_wife_buys_the_same_drug_for_herself() -> None:
    world = await a_world()
    await buys(world)
    assert codes(await buys(world, who=DAUGHTER)) == []


async def test_in_another_district_minutes_later_the_cashier_looks_who_it_is() -> None:
    world = await a_world()
    await buys(world)
    world.clock.forward(minutes=10)
    assert await told_before(world, PHARMACY) == ["TWO_PLACES"]
    assert codes(await stopped(world, drug(code="DRUG2"), place=PHARMACY)) == ["TWO_PLACES"]
    assert await told_before(world, CLINIC) == []


async def test_who_bought_after_somebody_else_had_fetched_for_him_is_one_person_in_one_place() -> None:
    world = await a_world()
    await buys(world, proxy=Proxy(Relation.CHILD, "张晓", "21030219850412001X"))
    world.clock.forward(minutes=10)
    assert await told_before(world, PHARMACY) == []
    assert codes(await buys(world, drug(code="DRUG2"), place=PHARMACY)) == []


async def test_after_half_an_hour_nobody_is_asked_and_where_no_district_is_known_neither() -> None:
    world = await a_world()
    await buys(world)
    world.clock.forward(minutes=30)
    assert codes(await buys(world, drug(code="DRUG2"), place=PHARMACY)) == []
    tables = world.store.tables
    tables.institutions[PHARMACY] = replace(tables.institutions[PHARMACY], district="")
    assert codes(await buys(world, drug(code="TONIC", days=None))) == []


async def test_the_district_is_that_of_the_dated_record_of_the_place() -> None:
    world = await a_world()
    await buys(world)
    world.clock.forward(minutes=10)
    moved = DatedRecord(
        PlaceFact.DISTRICT.value, "", date(2026, 1, 1), None, Raw(b'{"district":"210303"}'), NOON
    )
    world.store.tables.records[Subject.INSTITUTION.named(CLINIC)] = (moved,)
    assert codes(await buys(world, drug(code="DRUG2"), place=PHARMACY)) == []


async def test_three_sales_that_empty_an_account_are_looked_at() -> None:
    world = await a_world(father_fen=60_000)
    world.store.tables.institutions[CLINIC] = replace(
        world.store.tables.institutions[CLINIC], designations=()
    )
    for code in ("DRUG", "DRUG2"):
        assert codes(await buys(world, drug(days=None, code=code, amount_fen=20_000), place=PHARMACY)) == []
    third = drug(days=None, amount_fen=19_000)
    assert codes(await stopped(world, third, place=PHARMACY)) == ["ACCOUNT_EMPTIED"]
    modest = drug(days=None, amount_fen=5_000)
    assert codes(await buys(world, modest, place=PHARMACY)) == []


async def test_soap_beside_drugs_is_paid_in_cash_and_blocks_nothing() -> None:
    world = await a_world()
    soap = line("SOAP", 900, "2")
    sale = await buys(world, drug(), soap)
    assert codes(sale) == []
    assert sale.split is not None
    assert sale.split.cash_fen == 900


@pytest.mark.parametrize(("days", "begins", "found"), [
    (90, NOON.date(), []), (91, NOON.date(), ["OVER_DAYS"]), (90, NOON.date() + DAY, ["OVER_DAYS"]),
])
async def test_ninety_days_are_honest_under_a_filing_that_holds_here_today(
    days: int, begins: date, found: list[str]
) -> None:
    world = await a_world()
    filing = ChronicFiled("hypertension", (CLINIC,))
    enter(world.store, person(FATHER), FilingFact.CHRONIC, filing, begins, None, key="hypertension")
    quote = await world.quoted(basket=basket(drug(days=days, condition="hypertension")))
    assert [each.code for each in quote.advisories if each.verdict is not None] == found


class AskedFor:
    """Which kinds of keys the store was asked for."""

    def __init__(self, world: World) -> None:
        self.kinds: list[type] = []
        load = world.store.load

        async def counting(asked: Sequence[AnyKey]) -> Facts:
            self.kinds += [type(key) for key in asked]
            return await load(asked)

        world.store.load = counting  # type: ignore[method-assign]


async def test_where_no_rule_looks_back_nothing_is_looked_up() -> None:
    plain = await World().started(a_father=500_000)
    asked_for = AskedFor(plain)
    await checked(plain)
    assert PastSalesKey not in asked_for.kinds
    await plain.quoted()
    assert PastSalesKey not in asked_for.kinds
    watched = await a_world()
    asked_for = AskedFor(watched)
    await watched.quoted()
    assert PastSalesKey in asked_for.kinds


async def test_what_supervision_stops_no_remote_authority_is_asked_of() -> None:
    world = RemoteWorld(packs=watched_packs())
    await world.begun()
    bought, shown = basket(drug()), split(0, 3_000)
    first = await world.ask(world.settle(expected=shown, basket=bought))
    assert isinstance(first, SaleAnswer), first
    asked_before = len(world.authority.asked)
    again: dict[str, Any] = {"expected": shown, "basket": bought, "acknowledgements": ("POSSIBLE_DUPLICATE",)}
    warned = await world.ask(world.settle(**again))
    assert isinstance(warned, RefusedAnswer), warned
    assert (warned.refusal.reason, warned.recorded) == (Reason.SUPERVISION_WARNING, True)
    assert len(world.authority.asked) == asked_before
    accepted = await world.ask(world.settle(**again, accepted_warnings=(EARLY,)))
    assert isinstance(accepted, SaleAnswer), accepted
    assert (codes(accepted.sale), accepted.sale.accepted) == (["REPEATED_DRUG"], (EARLY,))
    await world.ends()
