"""What else binds once a check was answered: catalogue, filings, contracts; and what the books then show."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from medsettle.wire.calls import GET_SALE
from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle.wire.v1.settlement_pb2 import GetSaleResponse
from medsettle_gateway.domain.asked import Basket, Collect, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, CatalogueClass
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.filings import FilingFact
from medsettle_gateway.domain.member import Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.place import Designated, Designation, PlaceFact, Stopped
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.recovery import Evidence
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.rpc.codec.sale import sale as to_wire
from medsettle_gateway.rpc.codec.shown import sale_of
from medsettle_gateway.service.commands import ReassertedAnswer, SaleAnswer
from medsettle_gateway.service.office import PayAsShown, SettleAgain
from medsettle_gateway.service.reassert import Reenter
from tests.gateway.service import borough, world
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.borough import BEGAN, MEI, TAO, enter, person, pill, place, prescribed
from tests.gateway.service.operators import repairs
from tests.gateway.service.world import CLINIC, FATHER, World, basket, line

YESTERDAY = world.NOON.date() - timedelta(days=1)
CHRONIC = prescribed(pill("hypertension"), benefit="chronic_outpatient")
BOROUGH = Path(__file__).parent / "policies" / "borough.yaml"


async def told(city: World, bought: Basket, who: str) -> tuple[str, Split]:
    """The patient is told, and shown what it costs; a minute later something else is known."""
    said = await borough.checked(city, who)
    quote = await city.quoted(who, basket=bought)
    city.clock.forward(minutes=1)
    return said.eligibility_token, quote.split


async def sold(
    city: World, bought: Basket, who: str, shown: tuple[str, Split], collect: Collect = Collect.NOW
) -> SaleRecord:
    token, expected = shown
    command = city.settle(basket=bought, expected=expected, credential=city.credential(who), collect=collect)
    assert (await city.refused(command)).recorded
    return await city.sale(city.settle(
        basket=bought, expected=expected, credential=city.credential(who), collect=collect,
        eligibility_token=token,
    ))


def variance(sale: SaleRecord) -> tuple[FundShare, ...]:
    assert sale.effect is not None
    return sale.effect.fund_variance


def counted(city: World, who: str) -> dict[tuple[str, str], CounterState]:
    counters = city.store.tables.counters.items()
    return {
        (key.counter, key.measure): state
        for (member, _, _, key), state in counters if member == who and state != CounterState()
    }


async def test_the_catalogue_binds_as_it_was_when_the_patient_was_told() -> None:
    city = await World().started(a_father=100_000)
    shown = await told(city, basket(), FATHER)
    rows = {code: found for (_, code), found in city.store.tables.catalogue.items()}
    city.store.tables.catalogues_before.keep(world.REGION, city.clock.at, rows)
    (drug,) = rows["DRUG"]
    city.store.tables.catalogue[world.REGION, "DRUG"] = (
        replace(drug, catalogue_class=CatalogueClass.C),
    )
    sale = await sold(city, basket(), FATHER, shown)
    assert (sale.split, variance(sale)) == (shown[1], (FundShare("pooled", 10_000),))
    assert sale.settlements[0].lines[0].item_class == "A"
    check_store(city.store)


async def test_an_item_that_is_taken_off_the_catalogue_meanwhile_is_sold_as_it_was() -> None:
    city = await World().started(a_father=100_000)
    shown = await told(city, basket(), FATHER)
    rows = {code: found for (_, code), found in city.store.tables.catalogue.items()}
    city.store.tables.catalogues_before.keep(world.REGION, city.clock.at, rows)
    del city.store.tables.catalogue[world.REGION, "DRUG"]
    assert variance(await sold(city, basket(), FATHER, shown)) == (FundShare("pooled", 10_000),)


async def test_a_filing_that_is_withdrawn_meanwhile_binds_once_it_was_shown() -> None:
    city = await borough.a_world()
    shown = await told(city, CHRONIC, MEI)
    (filed,) = [
        each for each in city.store.tables.records[person(MEI)] if each.kind == FilingFact.CHRONIC.value
    ]
    city.store.tables.records[person(MEI)] = (
        filed,
        DatedRecord(filed.kind, filed.key, BEGAN, None, filed.body, city.clock.at, withdrawn=True),
    )
    sale = await sold(city, CHRONIC, MEI, shown)
    assert variance(sale) == (FundShare("chronic", 8_000),)
    assert counted(city, MEI) == {}
    check_store(city.store)


async def test_a_contract_that_is_ended_meanwhile_binds_once_it_was_shown() -> None:
    city = await borough.a_world()
    bought = prescribed()
    designated = Designated(Designation.POOLED_OUTPATIENT)
    enter(city.store, place(CLINIC), PlaceFact.DESIGNATION, designated, BEGAN, key="pooled")
    shown = await told(city, bought, TAO)
    enter(
        city.store, place(CLINIC), PlaceFact.DESIGNATION, designated, BEGAN, YESTERDAY, key="pooled",
        at=city.clock.at,
    )
    sale = await sold(city, bought, TAO, shown)
    assert variance(sale) == (FundShare("pooled", 5_000),)


async def test_a_place_that_is_stopped_meanwhile_binds_no_longer_than_its_checks() -> None:
    city = await borough.a_world()
    shown = await told(city, prescribed(), TAO)
    enter(
        city.store, place(CLINIC), PlaceFact.SUSPENSION, Stopped("x"), world.NOON.date(), at=city.clock.at
    )
    sale = await sold(city, prescribed(), TAO, shown)
    assert variance(sale) == (FundShare("pooled", 5_000),)
    city.clock.forward(hours=2)
    refused = await city.refused(city.settle(
        basket=prescribed(), credential=city.credential(TAO), eligibility_token=shown[0],
    ))
    assert refused.refusal.reason is Reason.INSTITUTION_SUSPENDED


async def test_a_pack_that_is_corrected_decides_from_a_day_on_and_no_check_binds_so_long(
    tmp_path: Path,
) -> None:
    """Its ``known_from`` is a day: until midnight the old file decides; then no answer of before binds."""
    (now,) = borough.packs()
    tomorrow = world.NOON.date() + timedelta(days=1)
    text = BOROUGH.read_text("utf-8")
    corrected = tmp_path / "corrected.yaml"
    corrected.write_text(
        text.replace('"0.50"', '"0.10"').replace(
            'region: "990400"', f'region: "990400"\nknown_from: {tomorrow}\nsupersedes: {now.digest}'
        ),
        "utf-8",
    )
    packs = Packs.load([read_pack(BOROUGH), read_pack(corrected)])
    city = await World(store=borough.a_borough(), packs=packs).started()
    city.clock.at = city.clock.at.replace(hour=23, minute=30)
    said = await borough.checked(city, TAO)
    assert said.binding_until.date() == tomorrow
    bought = prescribed()
    first = await city.quoted(TAO, basket=bought, eligibility_token=said.eligibility_token)
    assert first.split.funds == (FundShare("pooled", 5_000),)
    city.clock.at = said.binding_until
    second = await city.quoted(TAO, basket=bought, eligibility_token=said.eligibility_token)
    assert second.split.funds == (FundShare("pooled", 1_000),)


async def test_funds_of_another_scheme_bear_nothing_of_what_was_told() -> None:
    """The patient turns out to be of another scheme: its fund of the same name is another fund."""
    city = await World().started(a_father=100_000)
    shown = await told(city, basket(), FATHER)
    row = Registered(world.REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    other = Registered(world.REGION, Scheme.RESIDENT, Standing.ACTIVE, Enrolment.POOL_ONLY)
    kind, begins = PersonKind.REGISTERED.value, date(2020, 1, 1)
    city.store.tables.records[person(FATHER)] = (
        DatedRecord(kind, "2020-01-01", begins, None, to_raw(row), borough.ENTERED_AT),
        DatedRecord(kind, "2020-01-01", begins, None, to_raw(other), city.clock.at),
    )
    member = city.store.tables.members[FATHER]
    city.store.tables.members[FATHER] = replace(
        member, scheme=Scheme.RESIDENT, enrolment=Enrolment.POOL_ONLY
    )
    sale = await sold(city, basket(), FATHER, shown)
    assert sale.effect is not None
    assert (sale.effect.scheme, variance(sale)) == ("employee", (FundShare("pooled", 10_000),))
    assert counted(city, FATHER) == {}


async def partly(collect: Collect = Collect.NOW) -> tuple[World, SaleRecord]:
    """Two drugs; of one it is known meanwhile that no fund pays for it."""
    city = await World().started(a_father=100_000)
    both = basket(line(amount_fen=50_000), line("DRUG2", 50_000, "2"))
    shown = await told(city, both, FATHER)
    rows = {code: found for (_, code), found in city.store.tables.catalogue.items()}
    city.store.tables.catalogues_before.keep(world.REGION, city.clock.at, rows)
    (drug,) = rows["DRUG2"]
    city.store.tables.catalogue[world.REGION, "DRUG2"] = (
        replace(drug, catalogue_class=CatalogueClass.C),
    )
    return city, await sold(city, both, FATHER, shown, collect=collect)


async def test_a_fund_bears_what_it_would_by_what_is_known_now_and_the_sums_move_by_that() -> None:
    city, sale = await partly()
    assert sale.split is not None
    assert (sale.split.funds, variance(sale)) == (
        (FundShare("pooled", 35_000),), (FundShare("pooled", 25_000),)
    )
    assert counted(city, FATHER)["general_outpatient", "paid"] == CounterState(10_000, 0)
    check_store(city.store)


async def test_a_late_confirmation_moves_the_sums_as_the_hold_reserved_them() -> None:
    city, held = await partly(Collect.LATER)
    reserved = counted(city, FATHER)["general_outpatient", "paid"]
    assert reserved == CounterState(0, 10_000)
    city.clock.forward(minutes=11)
    await city.swept(held.request_id)
    sale = await city.sale(city.confirm(held))
    assert sale.state is SaleState.SETTLED
    assert sale.effect == held.effect
    assert counted(city, FATHER)["general_outpatient", "paid"] == CounterState(10_000, 0)
    check_store(city.store)


@pytest.mark.parametrize("as_shown", [True, False])
async def test_a_sale_that_operators_settle_after_all_costs_the_fund_no_more_than_its_hold(
    as_shown: bool
) -> None:
    city, held = await partly(Collect.LATER)
    city.clock.forward(minutes=11)
    await city.swept(held.request_id)
    await city.settled(600_000)
    late = await city.sale(city.confirm(held))
    assert late.state is SaleState.RELEASED
    authors = ("wang", "li")
    repair: PayAsShown | SettleAgain = SettleAgain(late.request_id, "by telephone", authors)
    if as_shown:
        repair = PayAsShown(late.request_id, "left", authors)
    sale = await repairs(city, repair)
    assert sale.split is not None
    assert sale.bound_at == held.bound_at
    (share,) = variance(sale)
    assert 0 < sale.split.funds[0].amount_fen - share.amount_fen <= 10_000
    assert as_shown is (sale.split == held.split)


async def test_what_is_left_after_a_return_is_borne_in_the_proportion_of_before() -> None:
    city, sale = await partly()
    kept = basket(line(amount_fen=50_000))
    left = await city.quoted(FATHER, replaces=sale.request_id, basket=kept)
    rest = await city.sale(city.settle(replaces=sale.request_id, basket=kept, expected=left.split))
    assert rest.split is not None
    assert rest.split.funds == (FundShare("pooled", 10_000),)
    assert variance(rest) == (FundShare("pooled", 10_000 - 10_000 * 10_000 // 35_000),)
    paid = counted(city, FATHER)["general_outpatient", "paid"]
    assert paid.used <= 10_000 - sum(share.amount_fen for share in variance(rest))
    check_store(city.store)
    await city.sale(city.reverse(rest.request_id))
    assert counted(city, FATHER) == {}


async def test_a_restore_that_forgot_the_sale_enters_it_with_what_no_fund_bears() -> None:
    city, sale = await partly()
    lost = await World(clock=city.clock).started(a_father=100_000)
    answer = GetSaleResponse(sale=to_wire(SaleAnswer(sale, ""), full=False)).SerializeToString()
    evidence = Evidence(GET_SALE.path, "", "", "", 0, "OK", answer, "", "")
    read = sale_of(evidence)
    assert read is not None
    entered = await lost.writer.submit(Reenter(world.caller_of(sale.request_id), read, evidence))
    assert isinstance(entered, ReassertedAnswer), entered
    again = lost.store.tables.sales[sale.request_id.text]
    assert (again.state, variance(again)) == (SaleState.SETTLED, variance(sale))
    assert counted(lost, FATHER) == counted(city, FATHER)
    check_store(lost.store)


async def test_what_an_account_has_and_who_may_use_it_never_binds() -> None:
    city = await World().started(a_father=100_000)
    bought = basket(benefit=PERSONAL_ACCOUNT_ONLY, payers=(Payer("a-father"),))
    token, expected = await told(city, bought, FATHER)
    member = city.store.tables.members[FATHER]
    city.store.tables.members[FATHER] = replace(member, accounts=())
    refused = await city.refused(city.settle(
        basket=bought, expected=expected, credential=city.credential(FATHER), eligibility_token=token,
    ))
    assert refused.refusal.reason is Reason.ACCOUNT_UNKNOWN


async def test_where_another_fund_would_pay_now_its_sums_do_not_move_for_what_it_does_not_bear() -> None:
    city = await borough.a_world()
    bought = prescribed(pill("hypertension"))
    shown = await told(city, bought, MEI)
    assert shown[1].funds == (FundShare("chronic", 8_000),)
    city.store.tables.records[person(MEI)] = (
        *city.store.tables.records[person(MEI)],
        *(
            DatedRecord(each.kind, each.key, BEGAN, None, each.body, city.clock.at, withdrawn=True)
            for each in city.store.tables.records[person(MEI)]
        ),
    )
    sale = await sold(city, bought, MEI, shown)
    assert variance(sale) == (FundShare("chronic", 8_000),)
    assert counted(city, MEI) == {}
    check_store(city.store)
