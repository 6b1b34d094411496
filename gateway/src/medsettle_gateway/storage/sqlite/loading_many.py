"""Facts of many keys of a kind in one statement: what a group of commands needs to know.

Each reader answers what the reader of one key answers, for every key that it is given.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
    AccountFacts,
    CounterState,
    KeyRecord,
    MemberFacts,
    TerminalFacts,
)
from medsettle_gateway.domain.keys import AnyKey
from medsettle_gateway.domain.plain import to_json
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.rows import (
    account_of,
    attributes_of,
    counters_of,
    head_of,
    key_record_of,
    member_of,
    name_of,
    record_of,
    terminal_of,
)
from medsettle_gateway.storage.sealing import Identity
from medsettle_gateway.storage.sqlite.asking import Asking, Row


def due_anywhere(asking: Asking, asked: Sequence[keys.DueHoldsKey]) -> bool:
    """Returns whether any hold of anybody has ended and still stands: most of the time none has."""
    row = asking.row("due_anywhere", due_us=to_us(max(key.due_at for key in asked)))
    return row is not None


def _sales(asking: Asking, asked: Sequence[keys.SaleKey]) -> Mapping[keys.SaleKey, SaleRecord | None]:
    rows = asking.rows("sales", request_ids=to_json([key.request_id for key in asked]))
    found = {request_id: asking.record(request_id, body) for request_id, body in rows}
    return {key: found.get(key.request_id) for key in asked}


def _tickets(
    asking: Asking, asked: Sequence[keys.TicketKey]
) -> Mapping[keys.TicketKey, tuple[SaleHead, ...]]:
    tickets = (tuple(each.ticket) for each in asked)
    found = _by_place(asking.rows("tickets", asked=_numbered(tickets)))
    return {key: tuple(map(head_of, found[place])) for place, key in enumerate(asked)}


def _recent_sales(
    asking: Asking, asked: Sequence[keys.RecentSalesKey]
) -> Mapping[keys.RecentSalesKey, tuple[SaleHead, ...]]:
    sales = ((each.member, each.institution, each.basket_digest, to_us(each.since)) for each in asked)
    found = _by_place(asking.rows("recent_sales_of_many", asked=_numbered(sales)))
    return {key: tuple(map(head_of, found[place][: key.limit])) for place, key in enumerate(asked)}


def _due_holds(
    asking: Asking, asked: Sequence[keys.DueHoldsKey]
) -> Mapping[keys.DueHoldsKey, tuple[SaleRecord, ...]]:
    if not due_anywhere(asking, asked):
        return dict.fromkeys(asked, ())
    return {
        key: asking.sales(
            asking.rows("due_holds", member=key.member, due_us=to_us(key.due_at), limit=key.limit)
        )
        for key in asked
    }


def _terminals(
    asking: Asking, asked: Sequence[keys.TerminalKey]
) -> Mapping[keys.TerminalKey, TerminalFacts | None]:
    rows = asking.rows("terminals", terminals=to_json([key.terminal for key in asked]))
    found = {row[0]: terminal_of(row) for row in rows}
    return {key: found.get(key.terminal) for key in asked}


def _key_records(
    asking: Asking, asked: Sequence[keys.KeyRecordKey]
) -> Mapping[keys.KeyRecordKey, KeyRecord | None]:
    rows = asking.rows("key_records", keys=to_json([key.key for key in asked]))
    found = {row[0]: key_record_of(row) for row in rows}
    return {key: found.get(key.key) for key in asked}


def _members(
    asking: Asking, asked: Sequence[keys.MemberKey]
) -> Mapping[keys.MemberKey, MemberFacts | None]:
    named = to_json([key.member for key in asked])
    opened: dict[str, Identity] = {}  # the owner of most accounts is the member
    accounts: defaultdict[str, list[AccountFacts]] = defaultdict(list)
    for member, *columns, sealed in asking.rows("accounts_of_many", members=named):
        accounts[member].append(account_of(columns, name_of(_identity(asking, opened, columns[2], sealed))))
    attributes: defaultdict[str, list[Row]] = defaultdict(list)
    for member, *columns in asking.rows("attributes_of_many", members=named):
        attributes[member].append(tuple(columns))
    found = {}
    for *columns, sealed in asking.rows("members", members=named):
        member = columns[0]
        identity = _identity(asking, opened, member, sealed)
        kept = attributes_of(attributes[member][: keys.ATTRIBUTES_MOST])
        found[member] = member_of(columns, identity, tuple(accounts[member]), kept)
    return {key: found.get(key.member) for key in asked}


def _identity(
    asking: Asking, opened: dict[str, Identity], member: str, sealed: bytes | None
) -> Identity | None:
    """Who a member is, opened once; None where it was erased."""
    if sealed is None:
        return None
    if member not in opened:
        opened[member] = asking.sealer.open(member, sealed)
    return opened[member]


def _records(
    asking: Asking, asked: Sequence[keys.RecordsKey]
) -> Mapping[keys.RecordsKey, tuple[DatedRecord, ...]]:
    found: defaultdict[str, list[DatedRecord]] = defaultdict(list)
    for subject, *columns in asking.rows("records_of_many", subjects=to_json([key.subject for key in asked])):
        found[subject].append(record_of(columns))
    return {key: tuple(found[key.subject][-keys.RECORDS_MOST :]) for key in asked}


def _counters(
    asking: Asking, asked: Sequence[keys.CountersKey]
) -> Mapping[keys.CountersKey, Mapping[CounterKey, CounterState]]:
    of_periods = [
        (place, each.member, each.region, each.scheme, period)
        for place, each in enumerate(asked)
        for period in each.periods
    ]
    found = _by_place(asking.rows("counters_of_many", asked=to_json(of_periods)))
    return {key: counters_of(found[place]) for place, key in enumerate(asked)}


def _credential_uses(
    asking: Asking, asked: Sequence[keys.CredentialUseKey]
) -> Mapping[keys.CredentialUseKey, str | None]:
    rows = asking.rows("credential_uses", credentials=to_json([key.credential_id for key in asked]))
    found: dict[str, str] = dict(rows)
    return {key: found.get(key.credential_id) for key in asked}


def _numbered(asked: Iterable[tuple[Any, ...]]) -> str:
    """Each with its place before it, as JSON."""
    return to_json([(place, *each) for place, each in enumerate(asked)])


def _by_place(rows: Iterable[Row]) -> defaultdict[int, list[Row]]:
    """Rows of ``(place, ...)`` by the place of the key that they answer, without it."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for place, *row in rows:
        found[place].append(tuple(row))
    return found


MANY: Final[dict[type[AnyKey], Callable[[Asking, Any], Mapping[Any, Any]]]] = {
    keys.SaleKey: _sales,
    keys.TicketKey: _tickets,
    keys.RecentSalesKey: _recent_sales,
    keys.DueHoldsKey: _due_holds,
    keys.TerminalKey: _terminals,
    keys.KeyRecordKey: _key_records,
    keys.MemberKey: _members,
    keys.RecordsKey: _records,
    keys.CountersKey: _counters,
    keys.CredentialUseKey: _credential_uses,
}
"""The kinds of keys of which a group asks for many."""
