"""A county in which one sale may meet several benefits, a stay, an order and a warning."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import CatalogueClass, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.place import Designation, InstitutionKind
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.world import World, account, enrolled, institution, item, line, member

REGION = "990100"
CLINIC, HOSPITAL, INN = "CLINIC", "HOSPITAL", "INN"
"""The inn is no designated place."""
HONG, LAN = "m-hong", "m-lan"
"""Both are chronic patients; Lan has no account."""
COLD, PILL, PILL2, BED = "COLD", "PILL", "PILL2", "BED"


@cache
def packs() -> Packs:
    return Packs.load([read_pack(Path(__file__).parent / "policies" / "county.yaml")])


def a_county() -> MemoryStore:
    store = MemoryStore()
    tables = store.tables
    basic, none = (Designation.BASIC,), ()
    for code, kind, held in (
        (CLINIC, InstitutionKind.CLINIC, basic),
        (HOSPITAL, InstitutionKind.HOSPITAL, basic),
        (INN, InstitutionKind.CLINIC, none),
    ):
        tables.institutions[code] = place(code, kind, held)
    for name in (COLD, PILL, PILL2, BED):
        goods = item(name, LineKind.BED if name == BED else LineKind.DRUG)
        tables.catalogue[REGION, goods.code] = (goods,)
    filed: dict[str, Any] = {"region": REGION, "conditions": ("hypertension",)}
    own = replace(account("a-hong", Owner.SELF), region=REGION)
    tables.members[HONG] = member(HONG, own, **filed)
    tables.members[LAN] = member(LAN, **filed)
    tables.balances["a-hong"] = (0, 0)
    tills, key = enrolled(CLINIC, HOSPITAL, INN)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    return store


def place(code: str, kind: InstitutionKind, held: tuple[Designation, ...]) -> InstitutionFacts:
    return replace(institution(code, kind), region=REGION, designations=held)


async def a_world(hong_fen: int = 0, **changes: Any) -> World:
    world = World(store=a_county(), packs=packs(), **changes)
    return await world.started(a_hong=hong_fen)


def cold(amount_fen: int = 20_000, line_id: str = "c", **changes: Any) -> AskedLine:
    return structs.replace(line(COLD, amount_fen, line_id), **changes)


def pill(amount_fen: int = 10_000, line_id: str = "p", code: str = PILL, **changes: Any) -> AskedLine:
    facts: dict[str, Any] = {"condition": "hypertension", "days_supply": 10}
    return structs.replace(line(code, amount_fen, line_id), **(facts | changes))


def used(world: World, counter: str, measure: str = "paid", period: str = "2026", who: str = LAN) -> int:
    key = CounterKey(period, counter, measure)  # type: ignore[arg-type]
    state = world.store.tables.counters.get((who, REGION, "employee", key))
    return state.used + state.held if state else 0


def other_class(goods: CatalogueItem) -> CatalogueItem:
    return replace(goods, classes=(("township", CatalogueClass.C),))


def day(number: int, month: int = 7) -> date:
    return date(2026, month, number)
