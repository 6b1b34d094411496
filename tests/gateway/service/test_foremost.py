"""Of all that is wrong at once, that is told which can be cured the least at the counter.

A chronic benefit at a pharmacy has every stage: the place, the person, the benefit with its switch, what is
filed, the prescription, the goods. Whatever set of faults there is, a quote, a sale and, as far as it knows
of them, a check tell the first of them.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.domain.asked import Basket, Payer
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import State
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, RefusedAnswer
from medsettle_gateway.service.foremost import STAGES, Stage, foremost
from tests.gateway.service.rx import circulating, one, rx_basket, rx_line, withdraw
from tests.gateway.service.world import FATHER, PHARMACY, World, caller, split

ASKED = "chronic_outpatient"


@cache
def packs(*, pooled: bool) -> Packs:
    source = read_pack(Path(__file__).parent / "counter.yaml")
    data: Any = deepcopy(source.data)
    data["benefits"][ASKED]["switches"]["pharmacy_pooling"] = pooled
    return Packs.load([PackSource(source.name, data, source.lines)])


@dataclass
class Visit:
    """The father at a pharmacy, with a prescription of a chronic drug."""

    world: World
    basket: Basket


def suspended(visit: Visit) -> None:
    places = visit.world.store.tables.institutions
    places[PHARMACY] = replace(places[PHARMACY], state=State.SUSPENDED)


def uncovered(visit: Visit) -> None:
    members = visit.world.store.tables.members
    members[FATHER] = replace(members[FATHER], covered_to=date(2026, 6, 30))


def switched_off(visit: Visit) -> None:
    """The packs of the world are chosen by it: see :func:`with_faults`."""


def nothing_filed(visit: Visit) -> None:
    members = visit.world.store.tables.members
    members[FATHER] = replace(members[FATHER], conditions=())


def without_prescription(visit: Visit) -> None:
    visit.basket = rx_basket(rx_line(prescription_id=None), benefit=ASKED, prescriptions=())


def unknown_goods(visit: Visit) -> None:
    visit.world.store.tables.catalogue.clear()


Fault = Callable[[Visit], None]
FAULTS: dict[Fault, Reason] = {
    suspended: Reason.INSTITUTION_SUSPENDED,
    uncovered: Reason.NOT_COVERED,
    switched_off: Reason.SWITCH_OFF,
    nothing_filed: Reason.NOT_FILED,
    without_prescription: Reason.PRESCRIPTION_KIND,
    unknown_goods: Reason.ITEM_UNKNOWN,
}
"""Each fault with its reason, in the order of the stages."""


def sets_of_faults() -> Iterator[tuple[Fault, ...]]:
    for count in range(1, len(FAULTS) + 1):
        yield from combinations(FAULTS, count)


async def with_faults(faults: tuple[Fault, ...], by: Packs | None = None) -> Visit:
    world = World(packs=by or packs(pooled=switched_off not in faults))
    await world.started(a_father=1_000_000)
    members = world.store.tables.members
    members[FATHER] = replace(members[FATHER], conditions=("hypertension",))
    await circulating(world)
    visit = Visit(world, rx_basket(benefit=ASKED))
    for fault in faults:
        fault(visit)
    return visit


async def reasons_of(visit: Visit) -> list[Reason]:
    """Why a quote and why a sale are refused; nothing where they are not."""
    world, goods = visit.world, visit.basket
    quote = Quote(caller("1", PHARMACY), world.credential(), goods, "li")
    command = world.settle(world.request_id(PHARMACY), basket=goods, expected=split(5_000, 5_000))
    answers = [await world.ask(quote), await world.ask(command)]
    return [each.refusal.reason for each in answers if isinstance(each, RefusedAnswer)]


async def test_without_a_fault_there_is_no_refusal() -> None:
    visit = await with_faults(())
    quote = Quote(caller("1", PHARMACY), visit.world.credential(), visit.basket, "li")
    assert not isinstance(await visit.world.ask(quote), RefusedAnswer)


async def test_a_refusal_is_the_first_of_the_order_whatever_else_is_wrong() -> None:
    for faults in sets_of_faults():
        visit = await with_faults(faults)
        assert await reasons_of(visit) == [FAULTS[faults[0]]] * 2, [each.__name__ for each in faults]


async def test_a_check_asks_for_no_prescription_where_none_would_help() -> None:
    """Its benefits are asked without a prescription: that is told only where nothing else stands before."""
    known = [fault for fault in FAULTS if fault not in {suspended, without_prescription, unknown_goods}]
    for count in range(len(known) + 1):
        for faults in combinations(known, count):
            visit = await with_faults(faults)
            answer = await visit.world.ask(
                CheckEligibility(caller("1", PHARMACY), visit.world.credential(FATHER))
            )
            assert isinstance(answer, EligibilityAnswer)
            (benefit,) = answer.benefits
            first = FAULTS[faults[0]] if faults else Reason.PRESCRIPTION_KIND
            assert benefit.refusal is not None
            assert benefit.refusal.reason is first, [each.__name__ for each in faults]


async def test_a_prescription_that_was_withdrawn_is_no_matter_where_pooling_is_off() -> None:
    for faults, reason in (
        ((switched_off,), Reason.SWITCH_OFF), ((uncovered,), Reason.NOT_COVERED),
        ((), Reason.PRESCRIPTION_WITHDRAWN),
    ):
        visit = await with_faults(faults)
        await one(visit.world, withdraw())
        assert await reasons_of(visit) == [reason] * 2


async def test_who_may_pay_is_asked_last() -> None:
    for faults in (*sets_of_faults(), ()):
        visit = await with_faults(faults)
        visit.basket = replace(visit.basket, payers=(Payer("a-stranger"),))
        first = FAULTS[faults[0]] if faults else Reason.ACCOUNT_UNKNOWN
        assert await reasons_of(visit) == [first] * 2, [each.__name__ for each in faults]


async def test_of_a_benefit_that_nobody_has_goods_are_not_corrected_first() -> None:
    for faults in ((), (unknown_goods,)):
        visit = await with_faults(faults)
        visit.basket = rx_basket(benefit="no_such_benefit")
        assert await reasons_of(visit) == [Reason.BENEFIT_UNKNOWN] * 2
        visit.basket = rx_basket(structs.replace(rx_line(), benefit="no_such_benefit"))
        assert await reasons_of(visit) == [Reason.BENEFIT_UNKNOWN] * 2


async def test_a_benefit_of_two_schemes_is_that_of_the_persons_own() -> None:
    """A pack of another scheme whose benefit has the same id shuts it for nobody."""
    source = read_pack(Path(__file__).parent / "counter.yaml")
    theirs: Any = deepcopy(source.data)
    theirs["pack"] = "a-counter"
    theirs["benefits"][ASKED]["who"] = [{"scheme": "resident", "clause": "一"}]
    both = Packs.load([source, PackSource("a-counter", theirs, source.lines)])
    for fault in (unknown_goods, without_prescription):
        visit = await with_faults((fault,), both)
        assert await reasons_of(visit) == [FAULTS[fault]] * 2
        said = await visit.world.ask(CheckEligibility(caller("1", PHARMACY), visit.world.credential(FATHER)))
        assert isinstance(said, EligibilityAnswer)
        assert [each.refusal and each.refusal.reason for each in said.benefits] == [Reason.PRESCRIPTION_KIND]


async def test_goods_that_ask_for_no_benefit_are_refused_for_none() -> None:
    """They are paid by account and cash where no benefit takes them: only what is wrong with them counts."""
    visit = await with_faults((switched_off, unknown_goods))
    visit.basket = rx_basket(rx_line(prescription_id=None), prescriptions=())
    assert await reasons_of(visit) == [Reason.ITEM_UNKNOWN] * 2


def test_the_order_of_the_stages_is_that_of_the_faults() -> None:
    assert [STAGES[reason] for reason in FAULTS.values()] == list(Stage)
    assert set(STAGES) <= set(REASONS)


@pytest.mark.parametrize(
    ("met", "before", "told"),
    [
        (Reason.ITEM_UNKNOWN, Reason.NOT_COVERED, Reason.NOT_COVERED),
        (Reason.PRESCRIPTION_KIND, Reason.SWITCH_OFF, Reason.SWITCH_OFF),
        (Reason.SWITCH_OFF, Reason.NOT_FILED, Reason.SWITCH_OFF),
        (Reason.NOT_COVERED, Reason.NOT_COVERED, Reason.NOT_COVERED),
        (Reason.QUOTE_CHANGED, Reason.NOT_COVERED, Reason.QUOTE_CHANGED),
        (Reason.ITEM_UNKNOWN, None, Reason.ITEM_UNKNOWN),
    ],
)
def test_of_two_refusals_the_one_of_the_earlier_stage_is_told(
    met: Reason, before: Reason | None, told: Reason
) -> None:
    assert foremost(Refusal(met), None if before is None else Refusal(before)).reason is told
