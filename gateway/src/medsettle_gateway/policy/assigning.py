"""Shares a basket out between benefits: one settlement a benefit, one receipt.

Each line goes to the benefit that it asks for, else to one that the person may have at the place and
that takes it: those for filed conditions or named lines before those that take every line, and each in
the order of the packs. What none takes is paid by account and cash. A line that asks for a benefit of the
other channel (dual channel or not) is taken as one that asks for none. A benefit whose figures are missing
is not passed over: its settlement is refused, never a silent zero.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Dispensed, Encounter, Line, LineKind
from medsettle_gateway.domain.breakdown import AccountShare
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.member import Account
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.engine import calculate, counters_read, may_enter
from medsettle_gateway.policy.inputs import Calculation, CaseInput
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.restricting import barred
from medsettle_gateway.policy.taking import is_of_other_channel, takes

ASSIGNED: Final = "assigned"
"""Stands in place of a benefit id: the lines are shared out between all benefits of the region."""

VersionsOf = Callable[[str], Sequence[Pack]]
"""From a pack's id to all its known versions."""


class Portion(NamedTuple):
    """What one settlement takes of a basket: the pack, the benefit, and the lines by their index."""

    pack: Pack
    benefit: str
    lines: tuple[int, ...]
    under: Encounter | None = None
    """The occasion of these lines, where those of a basket differ in it; None: that of the whole basket."""


class Settled(NamedTuple):
    """A portion with the engine's input and result, and the drugs that later settlements may count."""

    portion: Portion
    case: CaseInput
    calculation: Calculation
    handed_out: tuple[Dispensed, ...]


def share_out(packs: Sequence[Pack], case: CaseInput) -> tuple[Portion, ...]:
    """Who takes which line; in the order of packs and benefits, account and cash last.

    ``packs`` are the region's in force on the day, in a fixed order. A line that asks for a benefit gets
    it; the others go to ``case.encounter.benefit``, or, if that is ``ASSIGNED``, to the first benefit that
    takes them. Raises Refused: PACK_NOT_IN_FORCE where there is no pack at all.
    """
    if not packs:
        raise refuse(Reason.PACK_NOT_IN_FORCE, date=case.service_on.isoformat())
    taken: dict[_Taker, list[int]] = {}
    # Sorting keeps the order of the packs among equals.
    offers = sorted(_offers(packs, case), key=lambda offer: not offer[1].is_selective)
    for index, line in enumerate(case.lines):
        taken.setdefault(_taker(packs, offers, case, line), []).append(index)
    by_id = {pack.id: pack for pack in packs}
    return tuple(Portion(by_id[key[0]], key[1], tuple(taken[key])) for key in ranked(packs, taken))


def share_out_apart(
    packs: Sequence[Pack], case: CaseInput, apart: Sequence[tuple[Encounter, tuple[int, ...]]]
) -> tuple[Portion, ...]:
    """Who takes which line where the lines of a basket are of several occasions, each line of one of them.

    Each benefit has one portion, under the first occasion that it takes lines of. Raises Refused: as
    :func:`share_out` does, and what shuts a benefit to a line that asks for it.
    """
    found: dict[_Taker, Portion] = {}
    for encounter, indexes in apart:
        own = structs.replace(case, encounter=encounter, lines=tuple(case.lines[each] for each in indexes))
        for pack, benefit, taken, _ in share_out(packs, own):
            shut = may_enter(pack, benefit, own.patient, own.institution, encounter, own.service_on)
            if shut is not None:
                raise Refused(shut)
            portion = found.setdefault((pack.id, benefit), Portion(pack, benefit, (), encounter))
            lines = sorted((*portion.lines, *(indexes[each] for each in taken)))
            found[pack.id, benefit] = portion._replace(lines=tuple(lines))
    return tuple(found[key] for key in ranked(packs, found))


_Taker = tuple[str, str]
"""The ids of a pack and of a benefit."""


def ranked(packs: Sequence[Pack], takers: Iterable[_Taker]) -> list[_Taker]:
    """Returns ids of packs with ids of benefits in the order of both, account and cash last."""
    order = [(pack.id, each.id) for pack in packs for each in pack.benefits]
    last = len(order)
    return sorted(takers, key=lambda key: order.index(key) if key in order else last)


def calculate_portions(
    portions: Sequence[Portion],
    case: CaseInput,
    versions_of: VersionsOf,
    *,
    trace: bool = True,
    allow_assumed: bool = False,
) -> tuple[Settled, ...]:
    """Calculate one after another; each sees the counters, balances and drugs that the ones before left.

    ``allow_assumed`` is that of ``engine.calculate``. Raises Refused, of the first portion that is refused.
    """
    counters, accounts, dispensed = dict(case.counters), case.accounts, case.dispensed
    settled = []
    for portion in portions:
        lines = tuple(case.lines[index] for index in portion.lines)
        own = structs.replace(
            case,
            encounter=structs.replace(portion.under or case.encounter, benefit=portion.benefit),
            lines=lines,
            accounts=accounts,
            dispensed=dispensed,
        )
        versions = versions_of(portion.pack.id)
        read = counters_read(portion.pack, own, versions)
        own = structs.replace(own, counters={key: counters[key] for key in read if key in counters})
        calculation = calculate(
            portion.pack, own, trace=trace, versions=versions, allow_assumed=allow_assumed
        )
        drugs = handed_out(portion.pack, own, versions)
        settled.append(Settled(portion, own, calculation, drugs))
        for key, amount_fen in calculation.deltas:
            counters[key] = counters.get(key, 0) + amount_fen
        accounts = _after(accounts, calculation.breakdown.accounts)
        dispensed = (*dispensed, *drugs)
    return tuple(settled)


_Offer = tuple[Pack, Benefit]


def _offers(packs: Sequence[Pack], case: CaseInput) -> Iterator[_Offer]:
    """The benefits that the person may have here, as far as gates go."""
    for pack in packs:
        for benefit in pack.benefits:
            refusal = may_enter(
                pack, benefit.id, case.patient, case.institution, case.encounter, case.service_on
            )
            if refusal is None:
                yield pack, benefit


def _taker(
    packs: Sequence[Pack], offers: Sequence[_Offer], case: CaseInput, line: Line
) -> tuple[str, str]:
    """The ids of the pack and the benefit that a line goes to."""
    asked, scheme = line.benefit, case.patient.scheme.value
    if asked is None and case.encounter.benefit != ASSIGNED:
        asked = case.encounter.benefit
    if asked is not None:
        pack = home(packs, scheme, asked)
        benefit = pack.rules.benefit(asked)
        if benefit is None or not is_of_other_channel(benefit, line):
            return pack.id, asked
    for pack, each in offers:
        if takes(pack, each, case, line):
            return pack.id, each.id
    return home(packs, scheme, PERSONAL_ACCOUNT_ONLY).id, PERSONAL_ACCOUNT_ONLY


def home(packs: Sequence[Pack], scheme: str, benefit: str) -> Pack:
    """Returns the pack of a benefit, of several that of the scheme.

    Of account and cash, and of a benefit that nobody has, it is the scheme's own.
    """
    having = [pack for pack in packs if any(each.id == benefit for each in pack.benefits)]
    ours = [pack for pack in having or packs if any(scheme in pack.schemes(b) for b in pack.benefits)]
    with_accounts = [pack for pack in ours if pack.accounts is not None]
    return (ours if having and ours else with_accounts or ours or having or list(packs))[0]


def _after(accounts: tuple[Account, ...], drawn: Sequence[AccountShare]) -> tuple[Account, ...]:
    paid = {share.account: share.amount_fen for share in drawn}
    return tuple(_drawn(each, paid.get(each.account, 0)) for each in accounts)


def _drawn(account: Account, paid_fen: int) -> Account:
    limit_fen = account.limit_left_fen
    return replace(
        account,
        balance_fen=account.balance_fen - paid_fen,
        limit_left_fen=None if limit_fen is None else limit_fen - paid_fen,
    )


def handed_out(pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> tuple[Dispensed, ...]:
    """The drugs of a settlement that later ones may count.

    Those of a benefit that limits kinds, and of others those with a condition or days of supply; what is
    excluded or restricted, served after the end of cover, or bought without a benefit is the patient's own
    affair.
    """
    dated = Dated.of(pack, case, versions)
    tables, benefit = dated.tables, dated.plan.benefit
    if benefit is None:
        return ()
    fixed = benefit.five_fixed is not None
    covered_to, outside = case.patient.covered_to, barred(case)
    found = []
    for index, line in enumerate(case.lines):
        on = line.service_on or case.service_on
        counts = fixed or line.condition is not None or line.days_supply is not None
        if line.kind is not LineKind.DRUG or not counts or (covered_to is not None and on > covered_to):
            continue
        table = tables[index] if len(tables) > 1 else tables[0]
        if table.rule_for(line).exclusion is None and index not in outside:
            found.append(Dispensed(line.name, on, line.days_supply, line.condition, benefit.id))
    return tuple(found)
