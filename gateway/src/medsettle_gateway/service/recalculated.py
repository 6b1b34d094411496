"""What a sale that was made before comes to now: with its own packs and input, and the sums of today."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.sale import SaleRecord, SettlementRecord
from medsettle_gateway.policy.assigning import Portion, calculate_portions
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.stored import case_from_plain
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import Decided, Today
from medsettle_gateway.service.rulebook import Rulebook


def again(book: Rulebook, sale: SaleRecord, today: Today) -> Decided:
    """Returns what a held sale comes to now.

    Raises Refused: CONFIRM_TOO_LATE where its pack is not loaded any more; what the calculation says.
    """
    effect = sale.effect
    if effect is None:
        msg = f"{sale.request_id} was never held"
        raise AssertionError(msg)
    if not all(settlement.case_input for settlement in sale.settlements):
        raise refuse(Reason.CONFIRM_TOO_LATE)  # it came back after a restore: its input is lost
    whole = [tuple(range(len(each.lines))) for each in sale.settlements]
    try:
        return _anew(book, sale, whole, {}, today)
    except _PackGoneError as gone:
        raise refuse(Reason.CONFIRM_TOO_LATE, **gone.detail) from gone


def left(book: Rulebook, sale: SaleRecord, kept: Sequence[AskedLine], today: Today) -> Decided:
    """Returns what is left of a settled sale if only these of its lines stay, in these quantities.

    Raises Refused: RETURN_NOT_POSSIBLE where its pack or input is gone; what the calculation says.
    """
    if not all(settlement.case_input for settlement in sale.settlements):
        raise refuse(Reason.RETURN_NOT_POSSIBLE, cause="restored")
    stay = {line.line_id: line for line in kept}
    chosen = [
        tuple(index for index, line in enumerate(each.lines) if line.line_id in stay)
        for each in sale.settlements
    ]
    try:
        return _anew(book, sale, chosen, stay, today)
    except _PackGoneError as gone:
        raise refuse(Reason.RETURN_NOT_POSSIBLE, **gone.detail) from gone


def _anew(
    book: Rulebook,
    sale: SaleRecord,
    chosen: Sequence[tuple[int, ...]],
    stay: Mapping[str, AskedLine],
    today: Today,
) -> Decided:
    """What the chosen lines of each settlement come to: with their own input, and the sums of today."""
    before = [(each, indexes) for each, indexes in zip(sale.settlements, chosen, strict=True) if indexes]
    cases = [case_from_plain(each.case_input) for each, _ in before]
    lines: list[Line] = []
    portions, there = [], None
    for (each, indexes), case in zip(before, cases, strict=True):
        pack, there = _same(book, each, case.service_on)
        begins = len(lines)
        lines += [_as_kept(case.lines[index], stay.get(each.lines[index].line_id)) for index in indexes]
        whose = tuple(range(begins, len(lines)))
        portions.append(Portion(pack, each.benefit, whose, case.encounter))
    whole = structs.replace(
        cases[0],
        lines=tuple(lines),
        counters=today.counters,
        accounts=tuple(casework.as_of_now(account, today.payers) for account in cases[0].accounts),
        dispensed=today.dispensed,
    )
    versions_of = book.versions_there(day_of(sale.created_at), there)
    settlements, settled = [], calculate_portions(portions, whole, versions_of)
    for number, ((each, indexes), found) in enumerate(zip(before, settled, strict=True), 1):
        named = tuple(each.lines[index] for index in indexes)
        settlements.append(casework.settlement(number, found, named, each.catalogue_digest, there))
    region, scheme = (sale.effect.region, sale.effect.scheme) if sale.effect else ("", "")
    return casework.decided(settlements, settled, today.payers, region, scheme)


def _same(book: Rulebook, settlement: SettlementRecord, on: date) -> tuple[Pack, Pack | None]:
    """The pack by which a settlement was made, with the line rules that held, and whose these were."""
    pack, there = book.same(settlement.pack, settlement.pack_digest, on), None
    if settlement.lines_pack:
        there = book.same(settlement.lines_pack, settlement.lines_digest, on)
    if pack is None or (settlement.lines_pack and there is None):
        raise _PackGoneError(settlement, on)
    return book.with_lines_of(pack, there), there


class _PackGoneError(Exception):
    """A pack is not loaded any more that a sale was calculated by."""

    def __init__(self, settlement: SettlementRecord, on: date) -> None:
        super().__init__(settlement.pack)
        self.detail = {"pack": settlement.pack, "date": on.isoformat()}


def _as_kept(line: Line, asked: AskedLine | None) -> Line:
    if asked is None:
        return line
    return structs.replace(
        line, quantity_e4=asked.quantity_e4, amount_fen=asked.amount_fen, days_supply=asked.days_supply
    )
