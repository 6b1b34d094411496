"""The script of a return: what stays of a sale is settled as a sale of its own, the rest goes back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from medsettle._desk.desk import Desk
from medsettle._desk.driving import ASKING, Asked, Pass, ending_with
from medsettle._desk.effects import Script
from medsettle._desk.records import (
    Click,
    attempt_for,
    begun,
    content_of,
    first_id,
    new_record,
    record_for,
    ticket_name,
)
from medsettle._desk.saying import CASH_LATER, Words, given_back
from medsettle._desk.selling import ended, second_click
from medsettle.checks import checked_operator, checked_split, checked_staying
from medsettle.errors import MedsettleError
from medsettle.models import Basket, CashState, Collect, Credential, Line, SaleCard, Split
from medsettle.record import SaleRecord, Step
from medsettle.tender import Tender
from medsettle.ticket import RequestId, Ticket


@dataclass(frozen=True, slots=True)
class Returning:
    """What comes back, looked through: the sale, the lines that stay of it, and the split of these."""

    ticket: Ticket | str | int
    replaces: RequestId
    stay: Basket
    expected: Split
    operator: str
    tender: Tender | None


def returning(
    ticket: Ticket | str | int, request_id: str, stay: Sequence[Line], *, expected: Split, operator: str,
    tender: Tender | None,
) -> Returning:
    """Returns what to do. Raises RequestError for what the gateway would not take."""
    return Returning(
        ticket, RequestId.parse(request_id), checked_staying(stay), checked_split(expected),
        checked_operator(operator), tender,
    )


def return_goods(desk: Desk, what: Returning) -> Script[SaleCard]:
    """Settles what stays, once a ticket, and gives the cash difference back where a tender can."""
    first = first_id(desk, what.ticket)
    name = ticket_name(first)
    yield from desk.taken(name)
    with desk.busy.giving(name):
        work = yield from _settled(desk, what, first)
        card = ended(work)
    try:
        return (yield from _with_cash_back(desk, what, card))
    except MedsettleError as error:
        # The return is settled: an error would say that nothing was sent.
        return replace(card, refusal=error.refusal, next_zh=CASH_LATER.zh, next_en=CASH_LATER.en)


def _settled(desk: Desk, what: Returning, first: RequestId) -> Script[Pass]:
    replaces = str(what.replaces)
    click = Click(
        Credential(f"return of {replaces}"), f"{replaces}/{content_of(what.stay)}", what.expected, Collect.NOW
    )
    attempt = yield from attempt_for(desk, first, click)
    if isinstance(attempt, SaleRecord):
        work = second_click(desk, attempt, ASKING)
        yield from work.drive_again()
        return work
    record = new_record(desk, attempt, click.content, what.expected, Collect.NOW, what.operator)
    if record.cash_fen:
        # It was taken for the sale before: until that is replaced, nothing was taken for this one.
        record = replace(record, cash=CashState.NOT_COLLECTED)
    yield from begun(desk, record, click.credential)
    asked = Asked(click.credential, what.stay, None, (), replaces)
    work = Pass(desk, record, ASKING | {Step.SETTLE}, asked=asked)
    with desk.clicks.staying(record.request_id):
        yield from work.drive()
    return work


def _with_cash_back(desk: Desk, what: Returning, card: SaleCard) -> Script[SaleCard]:
    """The card of what is left, with the cash that the patient must still get of the sale before it."""
    name = ticket_name(what.replaces)
    yield from desk.taken(name)
    with desk.busy.giving(name):
        before = yield from record_for(desk, str(what.replaces), what.operator)
        work = Pass(desk, before, ending_with(what.tender), tender=what.tender)
        if what.tender is not None:
            yield from work.drive()
        of_before = work.card()
    due_fen = of_before.refund_due_fen
    said = Words(of_before.next_zh, of_before.next_en)
    if due_fen or of_before.cash is CashState.NOT_DUE:
        said = given_back(due_fen, str(what.replaces))
    return replace(card, refund_due_fen=due_fen, next_zh=said.zh, next_en=said.en)
