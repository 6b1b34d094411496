"""Any order of sales, holds and ends over one prescription: what counts is what stands, and never more."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Answer, RefusedAnswer, SaleAnswer, Settle
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.rx import circulating, drawn, review, rx_basket, rx_line, withdraw
from tests.gateway.service.test_replacing import returning
from tests.gateway.service.world import PHARMACY, World, beside, caller, split

T = TypeVar("T")
OF_ONE, DISPENSINGS = 3, 2
STANDS = {SaleState.HELD, SaleState.SETTLED}
units = st.integers(1, OF_ONE + 1)
tills = st.sampled_from("12")


class Prescriptions(RuleBasedStateMachine):
    sales = Bundle("sales")

    @initialize()
    def register(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.withdrawn = False
        self.rejected = False
        self.world = World()
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.world.started()
        await circulating(self.world, dispensings=DISPENSINGS)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.world.writer.drain())
            self.loop.close()

    @property
    def drawn(self) -> int:
        return int(drawn(self.world))

    @property
    def standing(self) -> int:
        """What the sales that stand dispense, by their own lines; a hold whose time is over does not."""
        return sum(
            line.quantity_e4 // 10_000
            for sale in self.world.store.tables.sales.values() if sale.basket and self._stands(sale)
            for line in sale.basket.lines
        )

    def _stands(self, sale: SaleRecord) -> bool:
        ended = sale.hold_expires_at is not None and sale.hold_expires_at <= self.world.clock.at
        return sale.state in STANDS and not (sale.state is SaleState.HELD and ended)

    def settle(self, till: str, count: int, collect: Collect) -> Settle:
        command = self.world.settle(
            self.world.request_id(PHARMACY, till), basket=rx_basket(rx_line(quantity=count)),
            expected=split(0, count * 10_000), acknowledgements=("POSSIBLE_DUPLICATE",), collect=collect,
        )
        return replace(command, credential=self.world.credential())

    @rule(target=sales, till=tills, count=units, collect=st.sampled_from(Collect))
    def sell(self, till: str, count: int, collect: Collect) -> Any:
        left = self._left()
        answer = self.run(self.world.ask(self.settle(till, count, collect)))
        if isinstance(answer, SaleAnswer):
            assert count <= left
            return answer.sale.request_id
        assert isinstance(answer, RefusedAnswer)
        assert answer.refusal.reason is self._refusal(left)
        assert count > left
        return multiple()

    def _left(self) -> int:
        """The rest of the dispensing that is begun."""
        if self.withdrawn or self.rejected or self.standing >= OF_ONE * DISPENSINGS:
            return 0
        return OF_ONE - self.standing % OF_ONE

    def _refusal(self, left: int) -> Reason:
        if self.withdrawn:
            return Reason.PRESCRIPTION_WITHDRAWN
        if self.rejected:
            return Reason.PRESCRIPTION_REJECTED
        return Reason.PRESCRIPTION_QUANTITY_EXCEEDED if left else Reason.PRESCRIPTION_DISPENSED

    @rule(count=units)
    def two_tills_at_once(self, count: int) -> None:
        """Both get an answer, and together they get no more than is left."""
        before = self.standing
        answers = self.run(self._both(count))
        sold = sum(isinstance(answer, SaleAnswer) for answer in answers)
        assert self.standing == before + sold * count

    async def _both(self, count: int) -> list[Answer]:
        commands = [self.settle(till, count, Collect.NOW) for till in "12"]
        running = [beside(self.world.service(command)) for command in commands]
        return [await each for each in running]

    @rule(sale=sales, how=st.sampled_from(["confirm", "release", "reverse", "seal"]))
    def end(self, sale: Any, how: str) -> None:
        """A hold that has ended settles no more once the prescription is withdrawn or rejected."""
        record = self.world.store.tables.sales[sale.text]
        self.run(self.world.ask(
            self.world.confirm(record) if how == "confirm" else getattr(self.world, how)(sale)
        ))
        if record.state is SaleState.EXPIRED and (self.withdrawn or self.rejected):
            assert self.world.store.tables.sales[sale.text].state is not SaleState.SETTLED

    @rule(target=sales, sale=sales, count=st.integers(1, OF_ONE))
    def take_part_back(self, sale: Any, count: int) -> Any:
        record = self.world.store.tables.sales[sale.text]
        command = returning(
            self.world, record, rx_line(quantity=count), request_id=self.world.request_id(PHARMACY),
            caller=caller("1", PHARMACY), expected=split(0, count * 10_000),
        )
        before = self.standing
        answer = self.run(self.world.ask(command))
        if not isinstance(answer, SaleAnswer):
            assert self.standing == before
            return multiple()
        assert self.standing < before
        return answer.sale.request_id

    @rule(approved=st.booleans())
    def review(self, approved: bool) -> None:
        who, note = ("PH1", "") if approved else ("PH2", "interaction")
        said = review(pharmacist=who, approved=approved, note=note)
        if isinstance(self.run(self.world.ask(said)), RefusedAnswer):
            return
        self.rejected = not approved

    @rule()
    def approve_again(self) -> None:
        self.review(approved=True)

    @rule(minutes=st.sampled_from([1, 11, 200]), sweep=st.booleans())
    def time_passes(self, minutes: int, sweep: bool) -> None:
        self.world.clock.forward(minutes=minutes)
        if sweep:
            for sale in list(self.world.store.tables.sales.values()):
                self.run(self.world.swept(sale.request_id))

    @rule(sure=st.integers(0, 9))
    def withdraw(self, sure: int) -> None:
        if sure == 0 and not isinstance(self.run(self.world.ask(withdraw())), RefusedAnswer):
            self.withdrawn = True

    @invariant()
    def what_counts_is_what_stands(self) -> None:
        if not hasattr(self, "world"):
            return
        check_store(self.world.store)
        assert self.world.reports == []
        assert self.standing <= self.drawn <= OF_ONE * DISPENSINGS


TestPrescriptions = Prescriptions.TestCase
TestPrescriptions.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
