"""What operators do with a sale when tills can do no more: by name, with a reason, and by two people.

A sale whose late confirmation was refused stays refused; what is done after all is a sale of its own, under
the last attempts of the same ticket, so that no till settles the ticket a second time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.request_ids import LAST_ATTEMPT
from medsettle.wire.states import ALIVE, Event, SaleState
from medsettle_gateway.domain.accounts import family_counter, is_family_counter
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.facts import AccountFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, MaskedNameKey, SaleKey, TicketKey
from medsettle_gateway.domain.names import is_same_name
from medsettle_gateway.domain.sale import AccountBooking, CounterDelta, Effect, SaleRecord, TenderRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service import recovering
from medsettle_gateway.service.afresh import Afresh, afresh, keys_afresh
from medsettle_gateway.service.authority import Decided
from medsettle_gateway.service.binding import carried
from medsettle_gateway.service.change import begun, draft, ended
from medsettle_gateway.service.commands import SaleAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.dispensing import rest_of
from medsettle_gateway.service.errands import Heard, hear, needs_hear
from medsettle_gateway.service.recompute import after_reversal, later_key
from medsettle_gateway.service.remote import UndoneThere

OFFICE: Final = "office"
"""Stands where a terminal does that undid a sale."""
_TWO: Final = 2


class NotAllowedError(Exception):
    """What was asked for may not be done with this sale; ``zh`` and ``en`` say why, and what may."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class ReverseByOffice:
    """Undo a settled sale after the till's time. ``authors`` are two people, by the names that they say.

    ``system_user`` is who the operating system says has typed it; empty: not known.
    """

    request_id: RequestId
    reason: str
    authors: tuple[str, ...]
    system_user: str = ""


@dataclass(frozen=True, slots=True)
class SettleAgain:
    """Settle what a refused late confirmation was for, at today's amounts.

    ``consent`` says how the patient agreed to them.
    """

    request_id: RequestId
    consent: str
    authors: tuple[str, ...]
    system_user: str = ""


@dataclass(frozen=True, slots=True)
class PayAsShown:
    """Settle it at the amounts that the patient was shown.

    What funds and accounts do not bear of them today goes to variance.
    """

    request_id: RequestId
    reason: str
    authors: tuple[str, ...]
    system_user: str = ""


@dataclass(frozen=True, slots=True)
class NotCharged:
    """A remote authority has confirmed otherwise that nothing is charged under its number, nor ever will be.

    ``reason`` says how it did. ``authors`` are two people.
    """

    request_id: RequestId
    reason: str
    authors: tuple[str, ...]
    system_user: str = ""


Repair = SettleAgain | PayAsShown


class _Result(NamedTuple):
    decided: Decided
    note: str


def is_late_refused(sale: SaleRecord) -> bool:
    """Returns whether it is a sale whose late confirmation was refused."""
    refusal = sale.refusal
    late = refusal is not None and refusal.reason is Reason.CONFIRM_TOO_LATE
    return sale.state is SaleState.RELEASED and late


def repaired_as(request_id: RequestId) -> RequestId:
    """Returns the id under which a sale is repaired: the last attempts of the ticket, counted backwards."""
    return RequestId.parse(f"{request_id.text.rpartition('-')[0]}-{LAST_ATTEMPT + 1 - request_id.attempt}")


def needs_reverse(command: ReverseByOffice, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale, what a restore left open, and later sales of its member."""
    sale_key = SaleKey(command.request_id.text)
    keys = recovering.keys(command.request_id, known)
    sale = known.of(sale_key) if sale_key in known else None
    if sale is None or not sale.member:
        return keys
    return (*keys, MaskedNameKey(sale.member), later_key(sale, now))


def reverse(command: ReverseByOffice, facts: Facts, now: Now) -> Decision:
    """Reverses a settled sale, however long ago: its entry is of today. Raises NotAllowedError."""
    sale = _known(facts, command.request_id)
    _check_people(command.authors, _TWO)
    if sale.state is not SaleState.SETTLED:
        raise NotAllowedError(
            f"这笔业务的状态是 {sale.state},只有 SETTLED 才能撤销。",
            f"The sale is {sale.state}; only one that is SETTLED can be reversed.",
        )
    awaited = recovering.awaited_by(sale, facts)
    if awaited.tills_count:
        raise _not_compared(recovering.named(awaited))
    due = after_reversal(sale, facts, now) if sale.member else ()
    undone = ended(
        sale, Event.REVERSE, now.at, reverse_reason=command.reason, recompute_due=due, undone_by=OFFICE
    )
    name = facts.of(MaskedNameKey(sale.member)) if sale.member else ""
    by = _by(command, command.reason)
    return Decision(SaleAnswer(undone, name), moves_of(sale.state, undone, by))


def needs_not_charged(command: NotCharged, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: what the authority's own word would need."""
    return needs_hear(_word(command), known, now)


def not_charged(command: NotCharged, facts: Facts, now: Now) -> Decision:
    """Ends a sale that an authority never proves to be undone or refused. Raises NotAllowedError."""
    sale = _known(facts, command.request_id)
    _check_people(command.authors, _TWO)
    if sale.state not in {SaleState.PENDING, SaleState.UNDOING}:
        raise NotAllowedError(
            f"这笔业务的状态是 {sale.state},没有在等待其他机构。",
            f"The sale is {sale.state} and waits for no authority.",
        )
    return hear(_word(command), facts, now, _by(command, command.reason))


def _word(command: NotCharged) -> Heard:
    return Heard(command.request_id.text, UndoneThere())


def needs_repair(command: Repair, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale, its ticket, what a restore left open, and what it finds today."""
    sale_key = SaleKey(command.request_id.text)
    keys = (*recovering.keys(command.request_id, known), TicketKey(command.request_id.ticket))
    sale = known.of(sale_key) if sale_key in known else None
    return keys if sale is None else (*keys, *keys_afresh(sale, now))


def repair(command: Repair, facts: Facts, now: Now) -> Decision:
    """Settles a sale whose late confirmation was refused, under an id of its own. Raises NotAllowedError."""
    late = _known(facts, command.request_id)
    _check_people(command.authors, 1)
    _check_repairable(late, facts)
    found = afresh(late, facts, now)
    if found is None:
        raise NotAllowedError("参保登记中没有此人。", "The patient is not in the register any more.")
    if isinstance(command, SettleAgain):
        result = _Result(_today(late, found, now), f"patient's consent: {command.consent}")
    else:
        result = _Result(_as_shown(late, found, now), command.reason)
        _check_variance(result.decided.effect, command.authors, now)
    return _settled(command, (late, facts), found, result, now)


def _settled(
    command: Repair, asked: tuple[SaleRecord, Facts], found: Afresh, result: _Result, now: Now
) -> Decision:
    late, facts = asked
    decided, cash_fen = result.decided, result.decided.split.cash_fen
    begins = draft(
        repaired_as(late.request_id), ", ".join(command.authors), now.at, late.service_on, now.at,
        basket=late.basket, basket_digest=late.basket_digest, collect=Collect.NOW, member=late.member,
        repairs=late.request_id.text,
    )
    sale = begun(
        begins, SaleState.SETTLED, now.at, settlements=decided.settlements, split=decided.split,
        effect=decided.effect, calculated_at=now.at, bound_at=late.bound_at,
        drawn=rest_of(late.drawn, facts, found.moves).drawn,  # what others dispensed meanwhile is theirs
        codes=found.codes,
        tenders=(TenderRecord("cash", cash_fen),) if cash_fen else (),
    )
    sale = structs.replace(sale, receipt_token=now.desk.receipts.issue(sale))
    by = _by(command, f"repairs {late.request_id}: {result.note}")
    moves = (*found.moves, *moves_of(SaleState.ABSENT, sale, by))
    return Decision(SaleAnswer(sale, found.member.masked_name), moves)


def _today(late: SaleRecord, found: Afresh, now: Now) -> Decided:
    decided = _again(late, found, now) if found.may_stand(late) else None
    if decided is None:
        raise NotAllowedError(
            "这笔业务今天已无法重新计算;只能按当时告知的金额支付(--as-shown)。",
            "The sale can no longer be calculated; it can only be paid as it was shown (--as-shown).",
        )
    return decided


def _as_shown(late: SaleRecord, found: Afresh, now: Now) -> Decided:
    """What was shown; a fund bears no more than it would today, an account what it has and may pay."""
    shown, split = late.effect, late.split
    if shown is None or split is None:
        msg = f"{late.request_id} was never held"
        raise AssertionError(msg)
    today = None if found.stay_ended else _again(late, found, now)
    bears = {fund: fen - today.effect.varied_fen(fund) for fund, fen in today.effect.funds} if today else {}
    over = [FundShare(fund, fen - bears.get(fund, 0)) for fund, fen in shown.funds]
    varied = tuple(share for share in over if share.amount_fen > 0)
    accounts = tuple(_paid_from(each, found.today.payers) for each in shown.accounts)
    of_policy = (today.effect.counters if today else ()) if varied else shown.counters
    counters = (
        *(each for each in of_policy if not is_family_counter(each.key)),
        *_of_relatives(shown, accounts, late.service_on.year),
    )
    effect = structs.replace(shown, fund_variance=varied, accounts=accounts, counters=counters)
    return Decided(late.settlements, effect, split)


def _paid_from(booking: AccountBooking, payers: Mapping[str, AccountFacts]) -> AccountBooking:
    account = payers.get(booking.account)
    has_fen = 0 if account is None else account.balance_fen
    if account is not None and account.limit_left_fen is not None:
        has_fen = min(has_fen, account.limit_left_fen)
    return booking._replace(variance_fen=max(0, booking.amount_fen - has_fen))


def _of_relatives(
    shown: Effect, accounts: Iterable[AccountBooking], year: int
) -> Iterator[CounterDelta]:
    """What relatives' accounts do pay counts toward what their owners allow."""
    counted = {key for key, _ in shown.counters}
    for account, _, _, amount_fen, variance_fen in accounts:
        key = family_counter(account, year)
        if key in counted and amount_fen > variance_fen:
            yield CounterDelta(key, amount_fen - variance_fen)


def _again(late: SaleRecord, found: Afresh, now: Now) -> Decided | None:
    """What it comes to today; of what a check had made binding funds bear no more than before."""
    try:
        decided = now.desk.authority.again(late, found.today)
    except Refused:
        return None
    return decided._replace(effect=carried(decided.effect, late.effect))


def _check_repairable(late: SaleRecord, facts: Facts) -> None:
    if not is_late_refused(late):
        raise NotAllowedError(
            f"这笔业务的状态是 {late.state},不是因确认过迟而被拒绝的业务。",
            f"The sale is {late.state}, and not one whose late confirmation was refused.",
        )
    if recovering.hides_absence(late.request_id, facts):
        raise _not_compared(late.terminal)
    for other in facts.of(TicketKey(late.request_id.ticket)):
        if other.state in ALIVE or other.request_id == repaired_as(late.request_id).text:
            raise NotAllowedError(
                f"同一小票已有另一笔业务 {other.request_id}({other.state})。",
                f"The ticket has another sale already: {other.request_id} ({other.state}).",
            )


def _not_compared(tills: str) -> NotAllowedError:
    """What they have done to the sale or its ticket may be lost: it would be done twice."""
    return NotAllowedError(
        f"从备份恢复后还有收银机没有核对:{tills}。"
        "请等它们核对(recovery status),或由两人结束核对(recovery end)。",
        f"Since the restore these tills have not compared: {tills}. "
        "Let them compare first (recovery status), or end that by two people (recovery end).",
    )


def _check_variance(effect: Effect, authors: tuple[str, ...], now: Now) -> None:
    of_accounts_fen = sum(each.variance_fen for each in effect.accounts)
    varied_fen = of_accounts_fen + sum(share.amount_fen for share in effect.fund_variance)
    if varied_fen > now.desk.rules.variance_fen:
        _check_people(authors, _TWO)


def _check_people(authors: tuple[str, ...], least_count: int) -> None:
    """Raises NotAllowedError unless so many different people have put their names to it."""
    names: list[str] = []
    for author in authors:
        if author.strip() and not any(is_same_name(author, other) for other in names):
            names.append(author)
    if len(names) < least_count:
        raise NotAllowedError(
            "这项操作需要两个人,请用 --by 和 --second 给出两个不同的名字。",
            "This takes two people: name them with --by and --second.",
        )


def _known(facts: Facts, request_id: RequestId) -> SaleRecord:
    sale = facts.of(SaleKey(request_id.text))
    if sale is None:
        raise NotAllowedError(f"没有 {request_id} 的记录。", f"Nothing is recorded under {request_id}.")
    return sale


def _by(command: ReverseByOffice | NotCharged | Repair, reason: str) -> By:
    names = ", ".join(author for author in command.authors if author)
    return By("", f"{names} [{command.system_user}]" if command.system_user else names, reason)
