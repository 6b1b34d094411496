"""Who may have a benefit, and where: entries that a settlement must fit, and the reason if none does."""

from dataclasses import dataclass

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.facts import REASON_OF_FACT, SWITCH, Facts
from medsettle_gateway.policy.rows import holds, reaches


@dataclass(frozen=True, slots=True)
class Gate:
    """One entry of ``who``, ``where`` or ``accounts.at``.

    ``tests`` stand in the order in which they are checked; then come the numbers that must be
    reached (``least``), and last the switch.
    """

    path: str
    tests: tuple[tuple[str, tuple[str, ...]], ...]
    switch: str | None = None
    clause: str = ""
    least: tuple[tuple[str, int], ...] = ()

    def failing(self, facts: Facts, switches_on: tuple[str, ...]) -> str | None:
        """The first fact that does not match, or None when the entry fits."""
        for fact, wanted in self.tests:
            if not holds(facts, fact, wanted):
                return fact
        for fact, number in self.least:
            if not reaches(facts, fact, number):
                return fact
        return SWITCH if self.switch is not None and self.switch not in switches_on else None

    def wanted(self, fact: str) -> tuple[str, ...]:
        """The values of the fact that fit, or the least that a number must be, as text."""
        return (
            *dict(self.tests).get(fact, ()),
            *(f"≥{number}" for name, number in self.least if name == fact),
        )


def refusal_of(
    entries: tuple[Gate, ...],
    order: tuple[str, ...],
    facts: Facts,
    switches_on: tuple[str, ...] = (),
) -> Refusal | None:
    """None when an entry fits, or when there is no entry at all (everybody, everywhere).

    Otherwise the entry that got furthest in the order of checks gives the reason.
    """
    furthest: tuple[int, Gate, str] | None = None
    for entry in entries:
        fact = entry.failing(facts, switches_on)
        if fact is None:
            return None
        if furthest is None or order.index(fact) > furthest[0]:
            furthest = (order.index(fact), entry, fact)
    if furthest is None:
        return None
    _, entry, fact = furthest
    if fact != SWITCH:
        return refusal_by_fact(entry.path, fact, facts[fact], entry.wanted(fact), entry.clause)
    detail = {"path": entry.path, "switch": entry.switch or ""}
    return Refusal(REASON_OF_FACT[SWITCH], _with_clause(detail, entry.clause))


def refusal_by_fact(
    path: str, fact: str, held: tuple[str, ...], wanted: tuple[str, ...], clause: str
) -> Refusal:
    """Refuse for a fact that holds none of the wanted values; the clause where the pack has one."""
    detail = {"path": path, "fact": fact, "value": "+".join(held) or "-", "wanted": "|".join(wanted)}
    return Refusal(REASON_OF_FACT.get(fact, Reason.NOT_FOR_ATTRIBUTE), _with_clause(detail, clause))


def _with_clause(detail: dict[str, str], clause: str) -> dict[str, str]:
    return {**detail, "clause": clause} if clause else detail
