"""A credential on its way through a sale: for what it is asked, when it is used up, and who came with it."""

from dataclasses import replace
from datetime import datetime

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedPrescription, Basket
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.credential import AskedFor, Proxy, Purpose, Relation
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.domain.sale import to_stored
from medsettle_gateway.service.commands import (
    Caller,
    CheckEligibility,
    Quote,
    RefusedAnswer,
    SaleAnswer,
    Settle,
    Shown,
)
from medsettle_gateway.service.ports import CredentialResolver
from medsettle_gateway.service.remote import RefusedThere
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.scripted import REQUEST_LOST, settled_there
from tests.gateway.service.world import (
    CLINIC,
    FATHER,
    KEY,
    NOON,
    PHARMACY,
    Counter,
    World,
    basket,
    line,
    split,
)

EXTERNAL = AskedPrescription("rx", Prescription.EXTERNAL, "n1", "D1", "H1")
OWN = AskedPrescription("rx", Prescription.OWN)
PROXY = Proxy(Relation.CHILD, "张晓", "21030219850412001X", "13912345678")


def of_prescription(prescription: AskedPrescription, *, named: bool = True) -> Basket:
    one = structs.replace(line(), prescription_id="rx" if named else None)
    return basket(one, prescriptions=(prescription,))


def quote(world: World, institution: str, asked: Basket) -> Quote:
    return Quote(Caller(f"{institution}-1", institution, KEY), world.credential(), asked, operator="li")


async def purpose_of(world: World, command: CheckEligibility | Quote | Settle) -> AskedFor:
    await world.ask(command)
    return world.resolver.asked_for[-1]


@pytest.mark.parametrize(("institution", "asked", "purpose"), [
    (PHARMACY, basket(), Purpose.PURCHASE),
    (PHARMACY, of_prescription(OWN), Purpose.PURCHASE),
    (PHARMACY, of_prescription(EXTERNAL), Purpose.PRESCRIPTION),
    (PHARMACY, of_prescription(EXTERNAL, named=False), Purpose.PURCHASE),
    (CLINIC, basket(), Purpose.OUTPATIENT),
    (CLINIC, of_prescription(EXTERNAL), Purpose.OUTPATIENT),
], ids=["purchase", "own", "external", "unused", "visit", "elsewhere"])
async def test_what_a_credential_is_shown_for_follows_from_place_and_basket(
    institution: str, asked: Basket, purpose: Purpose
) -> None:
    world = await World().started(a_father=100_000)
    told = await purpose_of(world, quote(world, institution, asked))
    assert told == AskedFor("210300", institution, purpose, "li")


@pytest.mark.parametrize(("kind", "purpose"), [
    (None, Purpose.PURCHASE), (Prescription.OWN, Purpose.PURCHASE),
    (Prescription.EXTERNAL, Purpose.PRESCRIPTION),
])
async def test_a_check_says_for_what_by_the_prescription_that_is_brought(
    kind: Prescription | None, purpose: Purpose
) -> None:
    world = await World().started()
    caller = Caller(f"{PHARMACY}-1", PHARMACY, KEY)
    check = CheckEligibility(caller, world.credential(), prescription=kind, operator="wang")
    told = await purpose_of(world, check)
    assert (told.purpose, told.operator) == (purpose, "wang")


class Cards(Counter):
    """Whatever is shown is a card that may be shown again."""

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        found = await super().resolve(shown, asked, now)
        return replace(found, single_use=False) if isinstance(found, ResolvedCredential) else found


class Card:
    """Resolves anything as the same card of the father's."""

    def __init__(self, *, single_use: bool) -> None:
        self.single_use = single_use

    async def resolve(self, shown: Shown, asked: AskedFor, now: object) -> ResolvedCredential | Refusal:
        return ResolvedCredential("card-1", FATHER, NOON, single_use=self.single_use)


async def settled_twice(*, single_use: bool) -> tuple[World, list[object]]:
    world = await World().started(a_father=100_000)
    resolver: CredentialResolver = Card(single_use=single_use)
    service = replace(world.service, resolver=resolver)
    first = await service(world.settle())
    world.clock.forward(hours=1)
    second = await service(world.settle(
        basket=basket(line("DRUG2", 20_000)), expected=split(12_000, 0, **{"a-father": 8_000})
    ))
    return world, [first, second]


async def test_a_card_is_not_used_up() -> None:
    world, answers = await settled_twice(single_use=False)
    assert world.store.tables.credentials == {}
    for answer in answers:
        assert not (isinstance(answer, RefusedAnswer) and answer.refusal.reason is Reason.CREDENTIAL_USED)
    assert isinstance(answers[0], SaleAnswer)


async def test_a_code_is_used_up_by_the_sale_that_it_settles() -> None:
    world, (first, second) = await settled_twice(single_use=True)
    assert isinstance(first, SaleAnswer)
    assert isinstance(second, RefusedAnswer)
    assert second.refusal.reason is Reason.CREDENTIAL_USED
    assert world.store.tables.credentials == {"card-1": first.sale.request_id.text}


async def test_a_service_that_is_away_leaves_the_sale_open_and_the_next_attempt_settles() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    token = command.credential.token
    world.resolver.refusals[token] = Refusal(Reason.CREDENTIAL_SERVICE_UNAVAILABLE, {"cause": "away"})
    answer = await world.ask(command)
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.CREDENTIAL_SERVICE_UNAVAILABLE, False)
    assert world.store.tables.sales == {}
    del world.resolver.refusals[token]
    assert (await world.sale(command)).state is SaleState.SETTLED


@pytest.mark.parametrize("reason", [
    Reason.CREDENTIAL_NOT_ACCEPTED, Reason.CREDENTIAL_CODE_UNKNOWN, Reason.CREDENTIAL_OTHER_REGION,
    Reason.CREDENTIAL_AMBIGUOUS,
])
async def test_what_is_certain_of_a_credential_is_recorded(reason: Reason) -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    world.resolver.refusals[command.credential.token] = Refusal(reason)
    answer = await world.ask(command)
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (reason, True)


async def test_who_came_is_kept_beside_the_sale_and_nowhere_in_it() -> None:
    world = await World().started(a_father=100_000)
    sale = await world.sale(world.settle(proxy=PROXY))
    assert world.store.tables.proxies[sale.request_id.text].proxy == PROXY
    stored = repr(to_stored(sale)) + repr(sale) + repr(world.store.tables.entries)
    for secret in (PROXY.name, PROXY.id_number, PROXY.phone):
        assert secret not in stored


async def test_a_repeat_that_names_another_proxy_gets_the_first_answer_and_the_first_stays() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle(proxy=PROXY)
    first = await world.sale(command)
    other = replace(command, proxy=Proxy(Relation.OTHER, "李某", "210302850412001"))
    assert await world.sale(other) == first
    assert world.store.tables.proxies[first.request_id.text].proxy == PROXY


async def test_of_a_sale_that_is_refused_nobody_is_kept() -> None:
    world = await World().started()
    answer = await world.ask(world.settle(proxy=PROXY))
    assert isinstance(answer, RefusedAnswer)
    assert world.store.tables.proxies == {}


@pytest.mark.parametrize("ends", ["settled", "refused"])
async def test_a_card_at_an_authority_beyond_the_house_is_neither_used_up_nor_freed(ends: str) -> None:
    world = await RemoteWorld(resolver=Cards()).begun(courier=False)
    world.authority.script.append(REQUEST_LOST)
    command = world.settle(proxy=PROXY)
    answer = await world.ask(command, deadline_s=1)
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is SaleState.PENDING
    assert world.store.tables.credentials == {}
    assert world.store.tables.proxies[command.request_id.text].proxy == PROXY
    pending = world.at(command.request_id)
    word = settled_there(pending) if ends == "settled" else RefusedThere("E-104", "超过限额")
    await world.hears(command.request_id, word)
    assert world.at(command.request_id).state.value.lower() == ends
    assert world.store.tables.credentials == {}
    await world.ends()
