"""Random settlements under random packs."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.basket import (
    PERSONAL_ACCOUNT_ONLY,
    Dispensed,
    EmergencyOrder,
    Encounter,
    Line,
    Prescription,
    Waiver,
)
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.policy.assigning import ASSIGNED
from medsettle_gateway.policy.engine import counters_read
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from tests.gateway.policy.strategies import (
    AREAS,
    CONDITIONS,
    DAY,
    DECLARED,
    NAMES,
    Plain,
    fens,
    few_fens,
    line,
    patient,
    payers,
    place,
)
from tests.gateway.policy.strategies_draws import Draw, between, choice, flips, once_in, some
from tests.gateway.policy.strategies_packs import CARE, OTHER, pack_data


@dataclass(frozen=True, repr=False)
class World:
    """A pack as it is written and as it was loaded, with all its versions, and a case."""

    data: Plain
    pack: Pack
    case: CaseInput
    versions: tuple[Plain, ...] = ()
    packs: tuple[Pack, ...] = ()

    def __repr__(self) -> str:
        """As it is written: the loaded packs are ten times as long, and say the same."""
        return f"World({shortened(self.versions or self.data)}, {self.case!r})"


def shortened(data: Any) -> Any:
    """Without what decides nothing: titles, clauses and what is empty."""
    if isinstance(data, list | tuple):
        return [shortened(each) for each in data]
    if not isinstance(data, dict):
        return data
    return {
        key: shortened(value)
        for key, value in data.items()
        if key not in {"title", "authority", "clause"} and value not in ([], {}, None)
    }


def loaded(data: Plain) -> Pack:
    # Read as with a case's own figures: a limit over a stay may stand where there is none.
    return load_pack(PackSource("anywhere.yaml", data), clause_free=("benefits",))


def encounter_and_day(draw: Draw) -> tuple[Encounter, date]:
    """An encounter and the day of its settlement."""
    benefit = choice(draw, [CARE] * 8 + [OTHER, PERSONAL_ACCOUNT_ONLY])
    common: dict[str, Any] = {
        "benefit": benefit,
        "prescription": choice(draw, Prescription),
        "circulated": flips(draw),
        "sessions": between(draw, 1, 3),
        "emergency": once_in(draw, 4),
        "area": choice(draw, ["", *AREAS]),
    }
    if flips(draw):
        return Encounter(**common), DAY
    day = choice(draw, [DAY, date(2023, 1, 2)])
    admitted = day - timedelta(days=between(draw, 0, 10))
    discharged = choice(draw, [None, day])
    stay_id = choice(draw, [None, "s-1"])
    return Encounter(**common, admitted=admitted, discharged=discharged, stay_id=stay_id), day


def bare_case(draw: Draw, *, is_sound: bool = False) -> CaseInput:
    """A case without anything used before; one that ``is_sound`` gives no cause to refuse it."""
    encounter, day = encounter_and_day(draw)
    basket = tuple(line(draw, is_sound=is_sound) for _ in range(between(draw, 1, 6)))
    if encounter.admitted is not None:
        basket = over_the_stay(draw, basket, encounter.admitted, day)
    elif once_in(draw, 8):
        basket = over_the_stay(draw, basket, day - timedelta(days=3), day)
    return CaseInput(
        service_on=day,
        patient=patient(draw, is_covered=is_sound),
        institution=place(draw),
        encounter=encounter,
        lines=basket,
        accounts=payers(draw),
        dispensed=tuple(dispensed_around(draw, day) for _ in range(between(draw, 0, 4))),
        orders=tuple(order(draw, day) for _ in range(between(draw, 1, 2) if once_in(draw, 6) else 0)),
    )


def over_the_stay(draw: Draw, basket: tuple[Line, ...], admitted: date, day: date) -> tuple[Line, ...]:
    """Some lines on days of their own."""
    days = (day - admitted).days
    return tuple(
        structs.replace(each, service_on=day - timedelta(days=between(draw, 0, days)))
        if flips(draw) else each
        for each in basket
    )


def dispensed_around(draw: Draw, day: date) -> Dispensed:
    """A drug of the days before, or of the days after one that is claimed late."""
    return Dispensed(
        name=choice(draw, NAMES),
        on=day - timedelta(days=between(draw, -8, 16)),
        days_supply=between(draw, 1, 15) if flips(draw) else None,
        condition=choice(draw, [None, *CONDITIONS]),
        benefit=choice(draw, [None, CARE, CARE, OTHER]),
    )


def order(draw: Draw, day: date) -> EmergencyOrder:
    """An order that lifts something, on all days or on some about the day."""
    begins = day - timedelta(days=between(draw, -1, 5)) if flips(draw) else None
    ends = day + timedelta(days=between(draw, -2, 2)) if flips(draw) else None
    return EmergencyOrder("o-1", "〔2023〕1号", tuple(some(draw, Waiver)), begins, ends)


USED = {"deductible": few_fens, "paid": fens, "borne": fens, "banded": fens}


def with_counters(draw: Draw, pack: Pack, case: CaseInput, versions: tuple[Pack, ...] = ()) -> CaseInput:
    """The case after some earlier settlements: some of the counters that it reads stand somewhere."""
    keys = counters_read(pack, case, versions)
    used = {key: draw(USED[key.measure]) for key in keys if once_in(draw, 3)}
    return structs.replace(case, counters=used)


@st.composite
def worlds(draw: Draw, *, is_open: bool = False) -> World:
    """A pack and a case that it settles or refuses; ``is_open``: always settles."""
    data = draw(pack_data(is_open=is_open))
    pack = loaded(data)
    return World(data, pack, with_counters(draw, pack, bare_case(draw, is_sound=is_open)))


settled_worlds = worlds(is_open=True)


@st.composite
def next_versions(draw: Draw, data: Plain) -> Plain:
    """The pack with figures of its own: lines, benefits and layers may all pay differently."""
    fresh = draw(pack_data())
    later = {**data, "lines": fresh["lines"], "benefits": {}}
    for id_, written in data["benefits"].items():
        other = fresh["benefits"][id_]
        figures = {
            key: other[key] for key in ("deductible", "ratio", "cap", "waives", "stay") if key in other
        }
        later["benefits"][id_] = {**written, **figures} if flips(draw) else written
    later["facts"] = DECLARED
    return later


@st.composite
def worlds_of_versions(draw: Draw) -> World:
    """A stay over New Year, from one version of the pack into the next, of which one may be corrected."""
    first = draw(pack_data())
    turn = "2023-01-01"
    later = draw(next_versions(first))
    earlier = {**first, "effective": {"from": "2022-01-01", "to": turn}}
    later["effective"] = {"from": turn, "to": None}
    versions = [earlier, later]
    if once_in(draw, 3):
        corrected = draw(next_versions(first))
        corrected |= {"effective": {"from": "2022-12-28", "to": turn}, "known_from": "2023-01-15"}
        versions.append(corrected)
    case = bare_case(draw)
    day = date(2023, 1, 2)
    back = between(draw, 0, 10)
    encounter = structs.replace(case.encounter, admitted=day - timedelta(days=back))
    if encounter.discharged is not None:
        encounter = structs.replace(encounter, discharged=day)
    basket = over_the_stay(draw, case.lines, day - timedelta(days=back), day)
    case = structs.replace(case, service_on=day, encounter=encounter, lines=basket)
    packs = tuple(map(loaded, versions))
    case = with_counters(draw, packs[1], case, packs)
    return World(later, packs[1], case, tuple(versions), packs)


@dataclass(frozen=True, repr=False)
class Region:
    """The packs of a region, and a basket for any of their benefits."""

    data: tuple[Plain, ...]
    packs: tuple[Pack, ...]
    case: CaseInput

    def __repr__(self) -> str:
        return f"Region({shortened(self.data)}, {self.case!r})"


@st.composite
def regions(draw: Draw) -> Region:
    """One or two packs, and a basket whose lines mostly ask for no benefit."""
    data = [draw(pack_data())]
    if flips(draw):
        data.append(renamed(draw(pack_data())))
    packs = tuple(map(loaded, data))
    case = bare_case(draw)
    encounter = structs.replace(case.encounter, benefit=ASSIGNED)
    asked = [id_ for each in data for id_ in each["benefits"]]
    lines = tuple(
        structs.replace(each, benefit=choice(draw, asked)) if once_in(draw, 8) else each
        for each in case.lines
    )
    case = structs.replace(case, encounter=encounter, lines=lines)
    used: dict[CounterKey, int] = {}
    for pack in packs:
        for benefit in pack.benefits:
            own = structs.replace(case, encounter=structs.replace(encounter, benefit=benefit.id))
            used |= with_counters(draw, pack, own).counters
    return Region(tuple(data), packs, structs.replace(case, counters=used))


def renamed(data: Plain) -> Plain:
    """The same pack with other ids: no two packs of a region have the same benefit."""
    text = json.dumps(data)
    for name in ("anywhere", CARE, OTHER):
        text = text.replace(f'"{name}"', f'"second_{name}"')
    text = text.replace('"second_anywhere"', '"elsewhere"').replace('"layer_', '"second_layer_')
    return dict(json.loads(text))
