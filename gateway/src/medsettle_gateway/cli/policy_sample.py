"""Draws baskets by chance that a pack might see: for a what-if without real ones, and to try a pack.

The same pack, seed and number always give the same basket. They are plausible, not representative:
what a change costs a region is only told by its own baskets.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from medsettle_gateway.cli.policy_sample_used import used_before
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.check_scope import scoped_figures
from medsettle_gateway.policy.facts import DeclaredFact, Source
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.pack import Pack

LINES_MOST: Final = 8
_DAYS_MOST: Final = 365
"""Baskets are of the first year of a version: what it was amended to later, they do not know."""

_STAY_DAYS_MOST: Final = 30

Basket = dict[str, Any]
_Weights = Mapping[str, int]

_STANDINGS: Final[Mapping[str, _Weights]] = {
    "employee": {"active": 6, "retired": 3, "flexible": 1},
    "resident": {"adult": 3, "minor": 1},
}
_AGES: Final[Mapping[str, tuple[int, int]]] = {
    "active": (20, 59), "retired": (55, 95), "flexible": (20, 59), "adult": (18, 95), "minor": (0, 17),
}  # fmt: skip
_ENROLMENTS: Final[Mapping[str, _Weights]] = {
    "employee": {"pooled_and_account": 8, "pool_only": 2},
    "resident": {"pool_only": 1},
}
_AIDS: Final[_Weights] = {
    "none": 80, "subsistence": 8, "marginal": 4, "destitute": 3, "disabled": 2, "poor": 2, "orphan": 1,
}  # fmt: skip
_LEVELS: Final[Mapping[str, _Weights]] = {
    "clinic": {"primary": 1},
    "hospital": {"primary": 2, "secondary": 4, "tertiary": 4},
    "pharmacy": {"none": 1},
}
_PRESCRIPTIONS: Final[Mapping[str, _Weights]] = {
    "clinic": {"own": 1},
    "hospital": {"own": 1},
    "pharmacy": {"none": 4, "external": 1},
}
_CLASSES: Final[_Weights] = {"A": 6, "B": 3, "C": 1}
_KINDS: Final[Mapping[str, _Weights]] = {
    "stay": {"drug": 8, "test": 4, "treatment": 3, "surgery": 1, "consumable": 2, "blood": 1, "bed": 2},
    "clinic": {"drug": 8, "test": 2, "treatment": 2, "consumable": 1},
    "hospital": {"drug": 6, "test": 4, "treatment": 3, "consumable": 1, "device": 1},
    "pharmacy": {"drug": 10, "device": 1, "consumable": 2, "wellness": 1, "daily_goods": 1},
}
_WARDS: Final[_Weights] = {"ordinary": 8, "paediatric": 1, "intensive": 1}
_SUPPLY_DAYS: Final = (7, 14, 15, 28, 30)
_CONDITIONS: Final = ("hypertension", "diabetes")
"""What chronic lines treat where the pack names no condition."""


class Sampler:
    """Draws baskets for one version of a pack."""

    def __init__(self, pack: Pack, seed: int) -> None:
        """Look up once what the pack asks for."""
        self._pack = pack
        self._seed = seed
        ends = pack.effective_to or date.max
        self._days_count = min((ends - pack.effective_from).days, _DAYS_MOST)
        self._conditions = conditions_of(pack) or _CONDITIONS

    def basket(self, number: int) -> Basket:
        """The basket of this number, in the form of a case without ``expect``."""
        rng = random.Random(f"{self._seed}/{number}")  # noqa: S311 - drawn to be repeated, not to be secret
        pack = self._pack
        benefit = rng.choice(pack.benefits)
        on = pack.effective_from + timedelta(days=rng.randrange(self._days_count))
        who = _asked(rng, benefit.who)
        where = _asked(rng, [gate for gate in benefit.where if _is_open(gate, benefit)])
        patient = self._patient(rng, benefit, who, on)
        place = _place(rng, pack, where)
        encounter = self._encounter(rng, benefit, {**who, **where}, place["kind"], on)
        stay = "admitted" in encounter
        lines = self._lines(rng, "stay" if stay else place["kind"], benefit, patient["conditions"])
        return {
            "case": f"S{number:07d}",
            "pack": pack.id,
            "date": on.isoformat(),
            "patient": patient,
            "institution": place,
            "encounter": encounter,
            "lines": lines,
            "year_to_date": used_before(rng, pack.rules, benefit, patient["conditions"]),
            "accounts": self._accounts(rng, patient["enrolment"]),
        }

    def _patient(self, rng: random.Random, benefit: Benefit, who: Mapping[str, str], on: date) -> Basket:
        scheme = who.get("scheme") or rng.choice(self._pack.schemes(benefit))
        patient: Basket = {
            "scheme": scheme,
            "standing": who.get("standing") or _drawn(rng, _STANDINGS[scheme]),
            "enrolment": who.get("enrolment") or _drawn(rng, _ENROLMENTS[scheme]),
            "aid": who.get("aid") or _drawn(rng, _AIDS),
            "conditions": self._filed(rng, benefit, who.get("condition")),
        }
        for fact in self._pack.rules.declared:
            if fact.source is Source.AGE:
                age = _age(rng, who.get(fact.name), patient["standing"])
                patient["born_on"] = _born_on(rng, age, on).isoformat()
            elif fact.source is Source.ATTRIBUTE:
                held = who.get(fact.name) or _any_value(rng, fact)
                patient.setdefault("attributes", {})[fact.attribute] = held
        return patient

    def _filed(self, rng: random.Random, benefit: Benefit, wanted: str | None) -> list[str]:
        """The filed conditions: where the benefit asks for one, at least one."""
        filed = [] if wanted is None else [wanted]
        if not filed and (benefit.needs_filing or benefit.by_condition or rng.randrange(4) == 0):
            filed.append(rng.choice(self._conditions))
        if filed and rng.randrange(3) == 0:
            filed.append(rng.choice(self._conditions))
        return list(dict.fromkeys(filed))

    def _encounter(
        self, rng: random.Random, benefit: Benefit, asked: Mapping[str, str], kind: str, on: date
    ) -> Basket:
        encounter: Basket = {
            "benefit": benefit.id,
            "prescription": asked.get("prescription") or _drawn(rng, _PRESCRIPTIONS[kind]),
            "circulated": asked.get("circulated") == "true",
        }
        if asked.get("stay") == "true":
            admitted_on = on - timedelta(days=rng.randrange(1, _STAY_DAYS_MOST))
            encounter["admitted"] = max(admitted_on, self._pack.effective_from).isoformat()
            encounter["discharged"] = on.isoformat()
        if asked.get("emergency") == "true":
            encounter["emergency"] = True
        for fact in self._pack.rules.declared:
            if fact.source is Source.AREA:
                encounter["area"] = asked.get(fact.name) or _any_value(rng, fact)
        if benefit.limit_per_session is not None:
            encounter["sessions"] = rng.randint(1, 3)
        return encounter

    def _lines(
        self, rng: random.Random, occasion: str, benefit: Benefit, filed: Sequence[str]
    ) -> list[Basket]:
        count = rng.randint(1, LINES_MOST)
        return [_line(rng, number, occasion, benefit, filed) for number in range(1, count + 1)]

    def _accounts(self, rng: random.Random, enrolment: str) -> list[Basket]:
        rules = self._pack.accounts
        if rules is None:
            return []
        has_own = enrolment in rules.enrolments and rng.randrange(5) > 0
        owners = [o.value for o in rules.owners if (has_own if o is Owner.SELF else not rng.randrange(8))]
        return [{"owner": owner, "balance": format_fen(rng.randrange(300_000))} for owner in owners]


def _line(rng: random.Random, number: int, occasion: str, benefit: Benefit, filed: Sequence[str]) -> Basket:
    kind = _drawn(rng, _KINDS[occasion])
    line: Basket = {"name": f"{kind} {number}", "kind": kind, "class": _drawn(rng, _CLASSES)}
    most_fen = 400_000 if occasion == "stay" else 30_000
    unit_fen = rng.randint(300, most_fen) * (5 if rng.randrange(20) == 0 else 1)
    line["unit_price"] = format_fen(unit_fen)
    line["quantity"] = str(rng.randint(1, 3))
    if kind == "bed":
        line |= {"ward": _drawn(rng, _WARDS), "unit_price": format_fen(rng.randint(800, 8_000))}
    if filed and (benefit.needs_filing or benefit.by_condition or rng.randrange(2)):
        line["condition"] = rng.choice(filed)
    if kind == "drug":
        if "condition" in line:
            line["approved"] = rng.randrange(30) != 0
        line["days_supply"] = rng.choice(_SUPPLY_DAYS)
    return line


def _place(rng: random.Random, pack: Pack, where: Mapping[str, str]) -> Basket:
    kind = where.get("at") or (
        "hospital" if where.get("stay") == "true" else rng.choice(("clinic", "hospital"))
    )
    held = [*pack.eligibility.designations[:1], *filter(None, [where.get("designation")])]
    return {
        "kind": kind,
        "level": where.get("level") or _drawn(rng, _LEVELS[kind]),
        "specialty": where.get("specialty") or "general",
        "designations": list(dict.fromkeys(held)) or ["basic"],
    }


def _age(rng: random.Random, asked: str | None, standing: str) -> int:
    """Completed years: what the benefit asks for, else what fits the standing."""
    if asked is not None and asked.isdecimal():
        return int(asked)
    least, most = _AGES[standing]
    return rng.randint(least, most)


def _born_on(rng: random.Random, age: int, on: date) -> date:
    """A day of birth of somebody who is that old on a day."""
    birthday = date(on.year - age, on.month, min(on.day, 28))
    return birthday - timedelta(days=rng.randrange(364))


def _asked(rng: random.Random, gates: Sequence[Gate]) -> dict[str, str]:
    """One way to fit: a value for every fact that one of the entries asks for."""
    if not gates:
        return {}
    gate = rng.choice(gates)
    asked = {fact: rng.choice(wanted) for fact, wanted in gate.tests}
    return {**asked, **{fact: str(number + rng.randrange(10)) for fact, number in gate.least}}


def _is_open(gate: Gate, benefit: Benefit) -> bool:
    return gate.switch is None or gate.switch in benefit.switches_on


def _any_value(rng: random.Random, fact: DeclaredFact) -> str:
    return str(rng.randrange(100)) if fact.values is None else rng.choice(fact.values)


def _drawn(rng: random.Random, weights: _Weights) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def conditions_of(pack: Pack) -> tuple[str, ...]:
    """The filed conditions that the pack names anywhere."""
    whens = [row.when.tests for scoped in scoped_figures(pack.rules) for row in scoped.figure.rows]
    for benefit in pack.benefits:
        whens += [gate.tests for gate in benefit.who]
        whens += [when.tests for when in benefit.takes or ()]
    return tuple(dict.fromkeys(_named(whens, "condition")))


def _named(tests: Iterable[tuple[tuple[str, tuple[str, ...]], ...]], fact: str) -> Iterable[str]:
    return (value for each in tests for name, wanted in each if name == fact for value in wanted)
