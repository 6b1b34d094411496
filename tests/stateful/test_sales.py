"""Any order of calls from several tills for several members, with time passing: what always holds.

The machine keeps its own small book of what each till was told, and compares.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import OUTCOME, Outcome, SaleState
from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord, TenderRecord
from medsettle_gateway.service.commands import Answer, RefusedAnswer, SaleAnswer, Settle
from medsettle_gateway.service.desk import Rules
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.memory_store import Tables
from tests.gateway.service.world import DAUGHTER, FATHER, NO_ACCOUNT, World, basket, beside, line

CAP_FEN = 300_000
T = TypeVar("T")
tickets = st.tuples(st.sampled_from("12"), st.integers(1, 6), st.integers(1, 2))
members = st.sampled_from([FATHER, DAUGHTER, NO_ACCOUNT])
amounts = st.sampled_from([1, 30_000, 50_001, 250_000, 650_000])
packs = st.sampled_from([("", False), ("8123456", False), ("8123456", True), ("8765432", False)])
"""The traceability code of what is bought, and whether it is a part of its pack."""
SOLD = {Reason.TRACE_CODE_SOLD, Reason.TRACE_CODE_SPLIT}
OVER = {SaleState.REFUSED, SaleState.SEALED, SaleState.RELEASED, SaleState.REVERSED}
PAYERS = {
    FATHER: (Payer("a-father"),),
    DAUGHTER: (Payer("a-daughter"), Payer("a-father", Consent.STANDING)),
    NO_ACCOUNT: (),
}


def of_pack(command: Settle, code: str, split: bool) -> Settle:
    """The same of a pack with a code."""
    (bought,) = command.basket.lines
    coded = structs.replace(bought, traceability_codes=(code,) if code else (), split_pack=split)
    return replace(command, basket=replace(command.basket, lines=(coded,)))


class Sales(RuleBasedStateMachine):
    settles = Bundle("settles")

    @initialize(father_fen=st.integers(0, 400_000), daughter_fen=st.integers(0, 50_000))
    def open_the_city(self, father_fen: int, daughter_fen: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.told: dict[str, Answer] = {}
        self.seen: dict[str, list[SaleState]] = {}
        self.run(self._open(father_fen, daughter_fen))

    async def _open(self, father_fen: int, daughter_fen: int) -> None:
        self.world = World(rules=Rules())
        await self.world.started(a_father=father_fen, a_daughter=daughter_fen)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        self.run(self._every_hold_ends())
        self.run(self.world.writer.drain())
        self.loop.close()

    async def _every_hold_ends(self) -> None:
        for _ in range(2):
            self.world.clock.forward(hours=25)
            for sale in list(self.tables.sales.values()):
                await self.world.swept(sale.request_id)
        open_ = [sale for sale in self.tables.sales.values() if OUTCOME[sale.state] is Outcome.OPEN]
        assert open_ == []
        assert all(held_fen == 0 for _, held_fen in self.tables.balances.values())
        assert all(state.held == 0 for state in self.tables.counters.values())
        check_store(self.world.store)

    @property
    def tables(self) -> Tables:
        return self.world.store.tables

    def request_id(self, ticket: tuple[str, int, int]) -> RequestId:
        till, number, attempt = ticket
        return RequestId.parse(f"CLINIC-{till}-20260702-{number}-{attempt}")

    async def _settle(self, ticket: tuple[str, int, int], who: str, amount_fen: int, collect: Collect,
                      stale: bool) -> Settle:
        bought = basket(line(amount_fen=amount_fen), payers=PAYERS[who])
        quote = await self.world.quoted(who, basket=bought)
        if stale:
            # Somebody else buys between the quote and the settlement.
            await self.world.ask(self.world.settle(basket=basket(line("DRUG2", 40_000))))
        return replace(
            self.world.settle(self.request_id(ticket), quote.split, basket=bought, collect=collect),
            credential=self.world.credential(who),
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )

    @rule(target=settles, ticket=tickets, who=members, amount_fen=amounts,
          collect=st.sampled_from(Collect), stale=st.booleans(), pack=packs)
    def settle(self, ticket: tuple[str, int, int], who: str, amount_fen: int, collect: Collect,
               stale: bool, pack: tuple[str, bool]) -> Any:
        command = of_pack(self.run(self._settle(ticket, who, amount_fen, collect, stale)), *pack)
        known = command.request_id.text in self.tables.sales
        answer = self.run(self.world.ask(command))
        if known:
            assert isinstance(answer, RefusedAnswer | SaleAnswer)
            return multiple()
        self._check_first(command, answer)
        self.told[command.request_id.text] = answer
        return command

    def _check_first(self, command: Settle, answer: Answer) -> None:
        if isinstance(answer, RefusedAnswer):
            assert answer.recorded
            assert answer.refusal.reason in {Reason.QUOTE_CHANGED, Reason.EARLIER_ATTEMPT_OPEN, *SOLD}
            assert command.credential.token not in self.tables.credentials
            return
        assert isinstance(answer, SaleAnswer)
        wanted = SaleState.SETTLED if command.collect is Collect.NOW else SaleState.HELD
        assert answer.sale.state is wanted
        assert answer.sale.split == command.expected

    @rule(command=settles, expired=st.booleans())
    def repeat(self, command: Settle, expired: bool) -> None:
        """The first answer and the state now, although the credential is used up or gone."""
        first, entries = self.told[command.request_id.text], len(self.tables.entries)
        if expired:
            command = replace(command, credential=self.world.credential(self._member(command)))
        answer = self.run(self.world.ask(command))
        if isinstance(first, RefusedAnswer):
            assert answer == first
            return
        assert isinstance(first, SaleAnswer)
        assert isinstance(answer, SaleAnswer)
        assert answer.sale.first_state is first.sale.state
        assert answer.sale == self.tables.sales[command.request_id.text]
        assert len(self.tables.entries) == entries

    def _member(self, command: Settle) -> str:
        return command.credential.token.partition("#")[0]

    @rule(command=settles)
    def repeat_with_other_content(self, command: Settle) -> None:
        before = self.tables.sales[command.request_id.text]
        changed = replace(command, basket=basket(line("TONIC", 7_777)))
        answer = self.run(self.world.ask(changed))
        assert isinstance(answer, RefusedAnswer)
        assert answer.refusal.reason in {Reason.REQUEST_ID_REUSED, Reason.SEALED}
        assert self.tables.sales[command.request_id.text] == before

    @rule(command=settles, short=st.booleans())
    def confirm(self, command: Settle, short: bool) -> None:
        before = self.tables.sales[command.request_id.text]
        cash_fen = before.split.cash_fen if before.split else 0
        tenders = (TenderRecord("cash", cash_fen),) if cash_fen else ()
        if short:
            tenders = (*tenders, TenderRecord("cash", 1))
        confirm = replace(self.world.confirm(before), tenders=tenders)
        answer = self.run(self.world.ask(confirm))
        after = self.tables.sales[command.request_id.text]
        if before.state is SaleState.HELD and not short:
            assert after.state is SaleState.SETTLED
        if short or before.state in OVER:
            assert after == before
        if isinstance(answer, SaleAnswer):
            assert answer.sale == after
        if after.state is SaleState.SETTLED:
            assert after.split == command.expected

    @rule(ticket=tickets, how=st.sampled_from(["release", "reverse", "seal"]))
    def undo(self, ticket: tuple[str, int, int], how: str) -> None:
        request_id = self.request_id(ticket)
        before = self.tables.sales.get(request_id.text)
        answer = self.run(self.world.ask(getattr(self.world, how)(request_id)))
        after = self.tables.sales[request_id.text]
        if before is None:
            assert after.state is SaleState.SEALED
        elif how == "seal" or before.state in OVER:
            assert after == before
        elif before.state is SaleState.SETTLED:
            self._check_reversed(before, after, how, answer)
        else:
            assert after.state is SaleState.RELEASED

    def _check_reversed(self, before: SaleRecord, after: SaleRecord, how: str, answer: Answer) -> None:
        assert before.settled_on is not None
        days = (day_of(self.world.clock.at) - before.settled_on).days
        wanted = SaleState.REVERSED if how == "reverse" and days <= 1 else SaleState.SETTLED
        assert after.state is wanted
        assert isinstance(answer, RefusedAnswer) == (how == "reverse" and days > 1)

    @rule(minutes=st.sampled_from([1, 9, 10, 11, 700, 1_500]), sweep=st.booleans())
    def time_passes(self, minutes: int, sweep: bool) -> None:
        self.world.clock.forward(minutes=minutes)
        if sweep:
            for sale in list(self.tables.sales.values()):
                self.run(self.world.swept(sale.request_id))

    @rule(first=tickets, second=tickets, who=members, amount_fen=amounts, pack=packs)
    def two_tills_at_once(
        self, first: tuple[str, int, int], second: tuple[str, int, int], who: str, amount_fen: int,
        pack: tuple[str, bool],
    ) -> None:
        """Both were shown the same room below the cap and the same balance; both get an answer.

        Of two that sell one whole pack one does: the books say so.
        """
        self.run(self._two_at_once((first, second), who, amount_fen, pack))

    async def _two_at_once(
        self, tills: tuple[tuple[str, int, int], ...], who: str, amount_fen: int, pack: tuple[str, bool]
    ) -> None:
        commands = [
            of_pack(await self._settle(ticket, who, amount_fen, Collect.NOW, stale=False), *pack)
            for ticket in tills
        ]
        running = [beside(self.world.service(command)) for command in commands]
        answers = [await each for each in running]
        assert all(isinstance(answer, SaleAnswer | RefusedAnswer) for answer in answers)

    @invariant()
    def the_books_hold(self) -> None:
        if not hasattr(self, "world"):
            return
        check_store(self.world.store)
        assert self.world.reports == []
        self._check_caps()
        self._check_history()

    def _check_caps(self) -> None:
        for (_, _, _, key), state in self.tables.counters.items():
            if key.measure == "paid":
                assert state.used + state.held <= CAP_FEN

    def _check_history(self) -> None:
        """What is over stays over, and no id is booked twice."""
        for text, sale in self.tables.sales.items():
            states = self.seen.setdefault(text, [])
            if not states or states[-1] is not sale.state:
                assert not states or states[-1] not in OVER
                states.append(sale.state)
            assert states.count(SaleState.SETTLED) <= 1
        used = list(self.tables.credentials.values())
        assert len(used) == len(set(used))


TestSales = Sales.TestCase
TestSales.settings = settings(max_examples=120, stateful_step_count=40)
