"""What must be true in the evening, when the line is good again and everything has come to its end."""

from collections.abc import Iterator

from medsettle.models import Outcome
from medsettle.sale import is_closed, outcome
from medsettle.wire.reasons import Reason
from medsettle.wire.states import OUTCOME, SaleState
from medsettle_gateway.domain.accounts import is_family_counter
from medsettle_gateway.domain.money import QUANTITY_ONE_E4
from tests.gateway.service.books_hold import check_tables
from tests.gateway.service.memory_store import Tables
from tests.simulation.cashier import Counter
from tests.simulation.city import PAID_MOST_FEN
from tests.simulation.gateway import GatewayMachine
from tests.simulation.till import Drawer, TillMachine


def faults(
    gateways: list[GatewayMachine], tills: list[TillMachine], counter: Counter, drawer: Drawer
) -> Iterator[str]:
    """Yields what is wrong, one sentence each; nothing if all is well."""
    tables = gateways[0].database.tables
    yield from counter.wrong
    for gateway in gateways:
        yield from gateway.unexpected()
        yield from (
            f"{each.method} was answered with {each.reason}"
            for each in gateway.handled if each.reason == Reason.INTERNAL_ERROR
        )
        yield from _of_authority(gateway, tables)
    yield from _of_books(tables)
    yield from _of_packs(tables)
    yield from _of_limits(tables, restored=gateways[0].database.restored)
    for till in tills:
        yield from _of_journal(till, tables)
    yield from _of_words(counter, tables)
    yield from _of_cash(drawer, tables)


def _of_books(tables: Tables) -> Iterator[str]:
    try:
        check_tables(tables)
    except AssertionError as error:
        yield f"the books do not hold: {error!r}"


def _of_packs(tables: Tables) -> Iterator[str]:
    """No pack is free again that did not come back."""
    for text, sale in tables.sales.items():
        before = tables.sales.get(sale.replaces)
        if before is None or not before.basket or not sale.basket or sale.state is SaleState.REFUSED:
            continue
        stay_e4 = {line.line_id: line.quantity_e4 for line in sale.basket.lines}
        back_e4 = sum(
            line.quantity_e4 - stay_e4.get(line.line_id, 0)
            for line in before.basket.lines if line.traceability_codes
        )
        freed = len(before.codes) - len(sale.codes)
        if freed * QUANTITY_ONE_E4 > back_e4:
            yield f"{text} frees {freed} packs, and {back_e4} x 10^-4 came back"


def _of_limits(tables: Tables, *, restored: bool) -> Iterator[str]:
    """What was lost and is entered again was paid, whatever others have used up since."""
    for (member, _, _, key), state in tables.counters.items():
        if state.held:
            yield f"{member} still has {state.held} held of {key}"
        of_fund = key.measure == "paid" and not is_family_counter(key)
        if of_fund and state.used > PAID_MOST_FEN and not restored:
            yield f"{member} was paid {state.used} of {key}"
    for name, (balance_fen, held_fen) in tables.balances.items():
        if balance_fen < 0 or held_fen:
            yield f"{name} has {balance_fen}, and {held_fen} held"
    for text, sale in tables.sales.items():
        if OUTCOME[sale.state] is Outcome.OPEN:
            yield f"{text} is {sale.state} for ever"


def _of_authority(gateway: GatewayMachine, tables: Tables) -> Iterator[str]:
    """What the authority beyond has charged, and nothing else, is SETTLED here."""
    if gateway.beyond is None:
        return
    settled = {
        sale.upstream.number for sale in tables.sales.values()
        if sale.upstream is not None and sale.state is SaleState.SETTLED
    }
    charged = gateway.beyond.platform.charged()
    if settled != charged:
        yield f"settled here {sorted(settled - charged)}, charged there {sorted(charged - settled)}"


def _of_journal(till: TillMachine, tables: Tables) -> Iterator[str]:
    for text, record in till.disk.records.items():
        sale = tables.sales.get(text)
        state = sale.state if sale else SaleState.ABSENT
        if record.state != state:
            yield f"{text} is {record.state} in the journal of {till.terminal}, and {state} at the gateway"
        if outcome(record) is Outcome.OPEN or not is_closed(record):
            yield f"{text} is open in the journal of {till.terminal}: {record}"


def _of_words(counter: Counter, tables: Tables) -> Iterator[str]:
    for (till, text), outcome_told in counter.told.items():
        sale = tables.sales.get(text)
        means = OUTCOME[sale.state] if sale else Outcome.OPEN
        undone = outcome_told is Outcome.PAID and means is Outcome.NOT_PAID and text in counter.undone
        if means is not outcome_told and not undone:
            yield f"{till} said that {text} was {outcome_told}, and it is {means}"


def _of_cash(drawer: Drawer, tables: Tables) -> Iterator[str]:
    due_fen = dues_fen(drawer, tables)
    for text in sorted({*drawer.taken_fen, *due_fen}):
        if drawer.taken_fen.get(text, 0) != due_fen.get(text, 0):
            yield f"{text}: {drawer.taken_fen.get(text, 0)} fen of cash for {due_fen.get(text, 0)}"


def dues_fen(drawer: Drawer, tables: Tables) -> dict[str, int]:
    """Returns the cash that patients must have paid, in fen; of what was returned, by the first sale."""
    due_fen: dict[str, int] = {}
    for text, sale in tables.sales.items():
        if sale.state is SaleState.SETTLED and sale.split is not None:
            first = drawer.first(text)
            due_fen[first] = due_fen.get(first, 0) + sale.split.cash_fen
    return due_fen
