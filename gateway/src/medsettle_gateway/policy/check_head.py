"""What a pack says of itself: its state and time, its rounding, its clauses, and what follows what."""

from collections.abc import Iterable, Iterator, Mapping

from medsettle_gateway.policy.check_rows import Said
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.pack import Pack, Status
from medsettle_gateway.policy.reading import child

UNFILLED = "待填写"
"""What the skeleton of a pack writes where a text is still to come."""


def check_head(pack: Pack, data: Mapping[str, object]) -> Iterator[Said]:
    """What is inconsistent or missing; ``data`` is what the pack was read from."""
    if pack.status is Status.HISTORICAL and pack.effective_to is None:
        yield "status", Level.ERROR, "historical needs the day on which it ended, `effective.to`"
    if "rounding" not in data:
        yield "", Level.WARNING, "the rounding is not declared; write `rounding: half_up`"
    if pack.known_from < pack.effective_from and pack.supersedes is not None:
        yield "known_from", Level.WARNING, "a correction is known before what it corrects takes effect"
    yield from _clauses(pack)
    yield from _layers(pack)
    yield from check_filled(data)


def _clauses(pack: Pack) -> Iterator[Said]:
    rules = pack.rules
    for benefit in rules.benefits:
        yield from _of_gates((*benefit.who, *benefit.where))
    for layer in rules.layers:
        if not layer.clause:
            yield from _of_gates(layer.who)
    eligibility = rules.eligibility
    if eligibility.designations and not eligibility.clause:
        yield "eligibility.institution", Level.WARNING, "no clause: which one asks for the designation?"
    yield from _of_gates(eligibility.exceptions)
    accounts = rules.accounts
    if accounts is not None and not accounts.clause:
        yield "accounts", Level.WARNING, "no clause: which one says who may pay from an account?"


def _of_gates(gates: Iterable[Gate]) -> Iterator[Said]:
    for gate in gates:
        if not gate.clause:
            yield gate.path, Level.WARNING, "no clause: a refusal could not say which one it rests on"


def _layers(pack: Pack) -> Iterator[Said]:
    named = {layer for benefit in pack.benefits for layer in benefit.layers}
    for layer in pack.rules.layers:
        if layer.id not in named:
            yield layer.path, Level.WARNING, "never pays: no benefit names it under its `layers`"


def check_filled(data: Mapping[str, object]) -> Iterator[Said]:
    """Texts of a pack or overlay that its skeleton left to be filled in."""
    yield from _unfilled(data, "")


def _unfilled(value: object, path: str) -> Iterator[Said]:
    if isinstance(value, str) and value.startswith(UNFILLED):
        yield path, Level.ERROR, "still to be filled in"
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _unfilled(entry, child(path, str(key)))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unfilled(entry, child(path, index))
