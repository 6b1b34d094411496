"""What must hold of a store at any time, whatever was done to it."""

from collections import Counter
from collections.abc import Mapping

from medsettle.wire.states import ALIVE, SaleState
from medsettle_gateway.domain.accounts import is_family_counter
from medsettle_gateway.domain.entry import book_sums
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.keys import PrescriptionKey
from medsettle_gateway.domain.split import Split
from medsettle_gateway.ledger import books, postings
from tests.gateway.service.memory_store import CounterRow, MemoryStore, Tables

LIVE = {SaleState.SETTLED: "used", SaleState.UNDOING: "used", SaleState.HELD: "held"}


def check_store(store: MemoryStore) -> None:
    check_tables(store.tables)


def check_tables(tables: Tables) -> None:
    check_entries(tables)
    check_balances(tables)
    check_counters(tables)
    check_dispensed(tables)
    check_prescriptions(tables)
    check_traces(tables)
    check_one_alive(tables)
    check_shown_is_booked(tables)
    check_the_state_is_booked(tables)
    check_errands(tables)


def check_entries(tables: Tables) -> None:
    for entry in tables.entries.values():
        assert not any(book_sums(entry.postings).values())
    transitions = Counter(entry.request_id for entry in tables.entries.values() if entry.request_id)
    assert transitions == {sale.request_id.text: sale.version for sale in tables.sales.values()}
    times = [entry.committed_at for entry in tables.entries.values()]
    assert times == sorted(times)


def check_balances(tables: Tables) -> None:
    sums: Counter[str] = Counter()
    for entry in tables.entries.values():
        for posting in entry.postings:
            sums[posting.account] += posting.amount_fen
    for account, (balance_fen, held_fen) in tables.balances.items():
        assert balance_fen == -sums[books.member(account)] >= 0
        assert held_fen == -sums[books.held(account)] >= 0


def check_counters(tables: Tables) -> None:
    assert _without_zeros(tables.counters) == _without_zeros(_of_live_sales(tables))


def _of_live_sales(tables: Tables) -> Mapping[CounterRow, CounterState]:
    sums: dict[CounterRow, CounterState] = {}
    for sale in tables.sales.values():
        measure, effect = LIVE.get(sale.state), sale.effect
        if measure is None or effect is None:
            continue
        for key, amount in effect.counters:
            book = ("", "") if is_family_counter(key) else (effect.region, effect.scheme)
            row = (sale.member or "", *book, key)
            before = sums.get(row, CounterState())
            used = amount if measure == "used" else 0
            sums[row] = CounterState(before.used + used, before.held + amount - used)
    return sums


def check_dispensed(tables: Tables) -> None:
    live = {
        sale.request_id.text: sale.effect.dispensed
        for sale in tables.sales.values()
        if sale.state in LIVE and sale.effect is not None and sale.effect.dispensed
    }
    assert {text: kept.drugs for text, kept in tables.dispensings.items()} == live


def check_prescriptions(tables: Tables) -> None:
    """What is drawn is what the sales that stand dispense, and never more than all dispensings come to."""
    standing = {
        sale.request_id.text: sale.drawn
        for sale in tables.sales.values()
        if sale.drawn and (sale.state in LIVE or sale.state is SaleState.PENDING)
    }
    prescriptions = tables.prescriptions
    assert prescriptions.draws == standing
    for institution, number in prescriptions.registered:
        facts = prescriptions.load(PrescriptionKey(institution, number))
        assert facts is not None
        for drug in facts.prescription.drugs:
            assert 0 <= facts.drawn_e4[drug.item_code] <= facts.prescription.allowed_e4(drug)


def _without_zeros(counters: Mapping[CounterRow, CounterState]) -> dict[CounterRow, CounterState]:
    return {row: state for row, state in counters.items() if state != CounterState()}


def check_traces(tables: Tables) -> None:
    """A pack stands sold by the sales that stand and by no other: whole by one, or in parts at one place."""
    takers: dict[str, list[tuple[str, bool]]] = {}
    for sale in tables.sales.values():
        if sale.state in LIVE or sale.state is SaleState.PENDING:
            for each in sale.codes:
                takers.setdefault(each.code, []).append((sale.institution, each.split))
    for code, by in takers.items():
        state = tables.traces.states[code]
        assert state.standing_count == len(by)
        assert by == [(state.institution, state.split)] * len(by)
        assert state.split or len(by) == 1
    assert tables.traces.states.keys() == takers.keys()


def check_one_alive(tables: Tables) -> None:
    alive = Counter(
        sale.request_id.ticket
        for sale in tables.sales.values()
        if sale.state in ALIVE
    )
    assert all(count == 1 for count in alive.values())


def check_shown_is_booked(tables: Tables) -> None:
    """What the patient was shown, what the settlements come to and what is booked are the same."""
    for sale in tables.sales.values():
        if sale.effect is None:
            assert sale.settlements == ()
            continue
        accounts = {booking.account: booking.amount_fen for booking in sale.effect.accounts}
        booked = Split.make(dict(sale.effect.funds), accounts, sale.effect.cash_fen)
        assert sale.split == booked == Split.of(each.breakdown for each in sale.settlements)


BOOKED = {
    SaleState.HELD: postings.held, SaleState.SETTLED: postings.settled, SaleState.UNDOING: postings.settled,
}


def check_the_state_is_booked(tables: Tables) -> None:
    """All entries of a sale together come to what its state stands for, whichever way led there."""
    for text, sale in tables.sales.items():
        sums: Counter[tuple[str, str]] = Counter()
        for entry in tables.entries.values():
            if entry.request_id == text:
                for book, account, amount_fen in entry.postings:
                    sums[book, account] += amount_fen
        stands: Counter[tuple[str, str]] = Counter()
        if sale.effect is not None and sale.state in BOOKED:
            for book, account, amount_fen in BOOKED[sale.state](sale.effect, sale.institution):
                stands[book, account] += amount_fen
        assert {where: fen for where, fen in sums.items() if fen} == dict(stands)


def check_errands(tables: Tables) -> None:
    """A sale has an errand exactly while it waits for a remote authority."""
    waiting = {text for text, sale in tables.sales.items() if sale.state in {"PENDING", "UNDOING"}}
    assert set(tables.errands) == waiting
