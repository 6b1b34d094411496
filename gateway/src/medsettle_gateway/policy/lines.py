"""How a line is divided, before any benefit.

Order for one line: served after the end of cover, excluded, or outside what the catalogue restricts
its item to (all of it fully_self_paid); outside
the benefit (filed conditions and the five fixed); ceiling (the excess is over_limit, or the whole
line is fully_self_paid, or the settlement is refused); limit per session; self_pay_first on what is
left; the rest is in_scope.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import format_fen, line_amount_fen, share_fen
from medsettle_gateway.policy.chronic import Chronic, Noted
from medsettle_gateway.policy.line_rules import LineRule, LineTable, OverCeiling
from medsettle_gateway.policy.rows import Row
from medsettle_gateway.policy.sessions import Sessions

Parts = tuple[int, int, int, int, int, int]
"""The fields of a LineBreakdown, in fen, as a plain tuple, which is taken apart in a quarter of the time."""


class Divided(NamedTuple):
    """The lines of a settlement, divided, and their sums in fen.

    ``parts`` are those of each line; ``changed`` has the rule of every line, by its index, that is not
    simply in scope, or of which there is more to tell. ``blocked`` sums up the lines that no personal
    account may pay for. ``groups`` is what each filed condition has in scope, in the order in which it
    first appears, where each is paid by itself; None for one that no line within the benefit treats.
    ``noted`` says of a line (by index) what the conditions said of it. ``assumed`` is the first row of a
    line's rule that the document does not give.
    """

    parts: list[Parts]
    changed: dict[int, LineRule]
    total: Parts
    blocked: Parts
    groups: dict[str, int | None]
    noted: dict[int, Noted]
    assumed: Row | None


_new: Final = tuple.__new__
_NOTHING: Final = (0, 0, 0, 0, 0, 0)
# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_REFUSE: Final = OverCeiling.REFUSE
_WHOLE_LINE: Final = OverCeiling.WHOLE_LINE


def divide(
    tables: Sequence[LineTable],
    lines: tuple[Line, ...],
    service_on: date,
    covered_to: date | None,
    chronic: Chronic | None = None,
    sessions: Sessions | None = None,
    outside: frozenset[int] = frozenset(),
) -> Divided:
    """Divide every line, in order; ``tables`` has one for every line, or one for all.

    ``outside`` are the lines, from 0, that are not what their items are restricted to.

    Raises Refused, of the first line that one applies to: LINE_AMOUNT_MISMATCH where price x quantity
    is not the amount; the reasons of the five fixed; OVER_CEILING where the pack refuses what is over
    its payment standard; OVER_SESSION_LIMIT.
    """
    divided: list[Parts] = []
    changed: dict[int, LineRule] = {}
    blocked: list[Parts] = []
    noted: dict[int, Noted] = {}
    assumed: Row | None = None
    total = provider = fully = over = first = 0
    several = len(tables) > 1
    known = {} if several else tables[0].at_any_price
    ordinary = not several and chronic is None and sessions is None and covered_to is None
    for index, line in enumerate(lines):
        amount = line.amount_fen
        if line.unit_price_micro is not None:
            _check_amount(line, line.unit_price_micro, index + 1)
        key = (line.kind, line.catalogue_class, line.ward, line.dual_channel)
        found = None if line.class_by_list else known.get(key)
        rule = found or tables[index if several else 0].rule_for(line)
        own = line.ceiling_micro is not None or line.self_pay_share_ppm is not None
        if found and rule.plain and ordinary and not own and index not in outside:
            parts: Parts = (amount, 0, 0, 0, 0, amount)
        else:
            changed[index] = rule
            ended = covered_to is not None and (line.service_on or service_on) > covered_to
            if rule.exclusion is not None or index in outside or ended:
                parts = _excluded(line, chronic)
            else:
                parts = _payable(rule, line, index, sessions, chronic, noted)
                if rule.is_assumed:
                    assumed = assumed or _assumed(rule, line, parts, noted.get(index))
            provider += parts[1]
            fully += parts[2]
            over += parts[3]
            first += parts[4]
        total += amount
        divided.append(parts)
        if not rule.account_may_pay:
            blocked.append(parts)
    sums = (total, provider, fully, over, first, total - provider - fully - over - first)
    groups = {} if chronic is None else chronic.groups
    barred = _sum(blocked) if blocked else _NOTHING
    return _new(Divided, (divided, changed, sums, barred, groups, noted, assumed))


def _excluded(line: Line, chronic: Chronic | None) -> Parts:
    """A line that no fund pays for at all."""
    if chronic is not None:
        chronic.pass_over(line)
    return (line.amount_fen, 0, line.amount_fen, 0, 0, 0)


def _payable(
    rule: LineRule, line: Line, index: int, sessions: Sessions | None, chronic: Chronic | None,
    noted: dict[int, Noted],
) -> Parts:
    """A line by its rules, unless it is outside what is fixed for chronic patients."""
    if chronic is not None and _is_outside(chronic, noted, line, rule, index):
        return (line.amount_fen, 0, line.amount_fen, 0, 0, 0)
    parts = _parts(rule, line, index + 1, sessions)
    if chronic is not None and not parts[2]:
        chronic.put(line, parts[5])
    return parts


def _assumed(rule: LineRule, line: Line, parts: Parts, note: Noted | None) -> Row | None:
    """The first row that is only assumed and decided something of the line; of one outside, its ceiling."""
    if note is not None and note.is_outside and note.reason is not Reason.DRUG_OVER_CEILING:
        return None
    return rule.assumed(line, self_paid=bool(parts[2]))


def _is_outside(
    chronic: Chronic, noted: dict[int, Noted], line: Line, rule: LineRule, index: int
) -> bool:
    """Is the line outside the benefit? Keeps what the conditions say of it."""
    note = chronic.check(line, rule, index + 1)
    if note is None:
        return False
    noted[index] = note
    return note.is_outside


def _sum(lines: list[Parts]) -> Parts:
    total, provider, fully, over, first, scope = map(sum, zip(*lines, strict=True))
    return total, provider, fully, over, first, scope


def _parts(rule: LineRule, line: Line, number: int, sessions: Sessions | None) -> Parts:
    """The parts of a line that is covered, not excluded and within the benefit."""
    amount_fen = left_fen = line.amount_fen
    ceiling_micro, share_ppm = line.ceiling_micro, line.self_pay_share_ppm
    if ceiling_micro is None:
        ceiling_micro = rule.ceiling_micro
    if share_ppm is None or rule.share_waived:
        share_ppm = rule.share_ppm
    if ceiling_micro is not None:
        standard_fen = line_amount_fen(ceiling_micro, line.quantity_e4)
        if amount_fen > standard_fen:
            if rule.over_ceiling is _REFUSE:
                raise _over_ceiling(line, number, standard_fen)
            if rule.over_ceiling is _WHOLE_LINE:
                return amount_fen, 0, amount_fen, 0, 0, 0
            left_fen = standard_fen
    borne_fen = beyond_fen = 0
    if sessions is not None:
        borne_fen, beyond_fen = sessions.take(left_fen, number)
        left_fen -= borne_fen + beyond_fen
    first_fen = share_fen(left_fen, share_ppm) if share_ppm else 0
    return amount_fen, borne_fen, 0, amount_fen - borne_fen - left_fen, first_fen, left_fen - first_fen


def _check_amount(line: Line, price_micro: int, number: int) -> None:
    computed_fen = line_amount_fen(price_micro, line.quantity_e4)
    if computed_fen != line.amount_fen:
        raise refuse(
            Reason.LINE_AMOUNT_MISMATCH,
            line=str(number),
            amount=format_fen(line.amount_fen),
            computed=format_fen(computed_fen),
        )


def _over_ceiling(line: Line, number: int, standard_fen: int) -> Exception:
    return refuse(
        Reason.OVER_CEILING,
        line=str(number),
        amount=format_fen(line.amount_fen),
        standard=format_fen(standard_fen),
    )
