"""People at a till: they sell, click twice, give up, undo, take goods back, look up, and pull the plug."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from medsettle.errors import MedsettleError, RefusedError
from medsettle.models import Basket, CashState, Collect, LegKind, Outcome, Quote, SaleCard, Tendered
from tests.chaos.post import NOTHING_TAKEN, Post

_TO_FIND_OUT = frozenset({CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE})
_KNOWN = ("POSSIBLE_DUPLICATE",)
_EVENING_ROUNDS = 100


class Cashier(Post):
    """Works one till of a shop."""

    async def works(self, closing: Callable[[], bool]) -> None:
        """Serves patients until the evening."""
        await self._doing(self._recover)
        while not closing():
            await asyncio.sleep(self.chance.expovariate(1 / 0.02))
            if self.chance.random() < 0.01:
                self.clock.jump(self.chance)
            await self._serve()

    async def _serve(self) -> None:
        what = self.chance.choices(
            (self._checkout, self._hold, self._pay_at_once, self._undo, self._undo_elsewhere, self._return,
             self._look, self._list, self._recover),
            (50, 16, 16, 6, 2, 4, 4, 1, 3),
        )[0]
        if self.chance.random() < 0.01:
            await self._pull_the_plug(what)
        else:
            await self._doing(what)

    async def _doing(self, what: Callable[[], Awaitable[None]]) -> None:
        """Does it; whatever the till says or fails of, the next patient is served."""
        try:
            await what()
        except MedsettleError as error:
            if error.card is not None:
                self.hears(error.card)

    async def _pull_the_plug(self, what: Callable[[], Awaitable[None]]) -> None:
        """The program is started anew in the middle of what it does."""
        doing = asyncio.create_task(self._doing(what))
        await asyncio.wait({doing}, timeout=self.chance.random() ** 2)
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await doing
        await self.closes()
        await self.opens()
        await self._doing(self._recover)

    # What people do.

    async def _checkout(self) -> None:
        bought, credential = self.basket(), self.credential(self.somebody())
        ticket = await self.till.next_number()
        card = await self._one_checkout(ticket, credential, bought)
        if card.outcome is Outcome.OPEN or self.chance.random() < 0.1:
            await asyncio.sleep(self.chance.random())
            await self._one_checkout(ticket, credential, bought)

    async def _one_checkout(self, ticket: str, credential: str, bought: Basket) -> SaleCard:
        async def show(_: Quote) -> bool:
            return self.chance.random() < 0.95

        card = await self.till.checkout(
            ticket, credential, bought, show=show, tender=self.wallet, acknowledgements=_KNOWN
        )
        self.sold(card, bought)
        return card

    async def _hold(self) -> None:
        """Holds, collects by hand and confirms; or confirms late, or gives up, or goes away."""
        request_id = await self._settled(Collect.LATER)
        record = self.record(request_id)
        if record is None or record.state != "HELD":
            return
        await asyncio.sleep(self.chance.choice((0, 0, 0, 0.2, 0.5, 9)))
        after = self.chance.random()
        if after < 0.7:
            await self._confirm(request_id)
        elif after < 0.85:
            self.papers.undoes(self.terminal, request_id)
            self.hears(await self.till.release(request_id))

    async def _confirm(self, request_id: str) -> None:
        record = self.record(request_id)
        if record is None or record.cash not in {CashState.NOT_ASKED, CashState.NOT_DUE}:
            return
        tenders = (Tendered("cash", record.cash_fen),) if record.cash_fen else ()
        if record.cash_fen:
            self.papers.take(request_id, record.cash_fen)
        try:
            self.hears(await self.till.confirm(request_id, tenders))
        finally:
            self.unless_known(request_id)

    async def _pay_at_once(self) -> None:
        await self._settled(Collect.NOW)

    async def _settled(self, collect: Collect) -> str:
        """Returns the id of a sale by hand; the cash of what is settled at once is taken before."""
        credential, bought = self.credential(self.somebody()), self.basket()
        quote = await self.till.quote(credential, bought)
        ticket, request_id = await self.new_ticket()
        if collect is Collect.NOW and quote.split.cash_fen:
            self.papers.take(request_id, quote.split.cash_fen)
        try:
            card = await self.till.settle(
                ticket, credential, bought, expected=quote.split, collect=collect,
                quote_token=quote.quote_token or None, acknowledgements=_KNOWN,
            )
        finally:
            self.unless_known(request_id)
        self.sold(card, bought)
        return request_id

    async def _undo(self) -> None:
        if self.mine:
            request_id = self.chance.choice(self.mine)
            self.papers.undoes(self.terminal, request_id)
            self.hears(await self.till.reverse(request_id, reason="goods returned"))

    async def _undo_elsewhere(self) -> None:
        """A sale of another till of the shop, which said that it is paid and is done with it."""
        chosen = [
            each for each in self.others
            if not each.startswith(f"{self.terminal}-") and self.papers.is_paid(each)
        ]
        if chosen:
            request_id = self.chance.choice(chosen)
            self.papers.undoes(self.terminal, request_id)
            self.hears(await self.till.reverse(request_id, reason="goods returned"))

    async def _return(self) -> None:
        """A patient brings part of the goods back."""
        chosen = [each for each in self.bought if self.papers.is_paid(each)]
        if not chosen:
            return
        before = self.chance.choice(chosen)
        stay = self.bought.pop(before)[:-1]
        quote = await self.till.quote_return(before, stay)
        ticket, request_id = await self.new_ticket()
        self.papers.undoes(self.terminal, before)
        self.papers.replaces(request_id, before)
        card = await self.till.return_goods(
            ticket, before, stay, expected=quote.split,
            tender=self.wallet if self.chance.random() < 0.7 else None,
        )
        self.sold(card, Basket(stay))

    async def _look(self) -> None:
        if self.mine:
            self.hears(await self.till.status(self.chance.choice(self.mine)))

    async def _list(self) -> None:
        count = 0
        async for _ in self.till.list_sales(page_size=20):
            count += 1
            if count == 40:
                return

    async def _recover(self) -> None:
        for card in await self.till.recover(self.wallet):
            self.hears(card)

    # The evening.

    async def tidies_up(self) -> None:
        """Recovers until nothing is open; where a till must not guess, its people find out."""
        self.wallet.trouble_rate = 0.0
        self.clock.off = timedelta()
        for _ in range(_EVENING_ROUNDS):
            if await self._closed():
                return
            await asyncio.sleep(0.2)
        self.papers.trouble(f"{self.terminal} has open sales that do not end")

    async def _closed(self) -> bool:
        try:
            await self._recover()
            for card in await self.till.open_sales():
                if card.request_id is not None:
                    await self._sees_to(card, card.request_id)
            return not await self.till.open_sales()
        except MedsettleError:
            return False

    async def _sees_to(self, card: SaleCard, request_id: str) -> None:
        """Gives up a hold for which nobody came back; finds out where cash is that may be given back."""
        if card.state == "HELD" and card.cash in {CashState.NOT_DUE, *NOTHING_TAKEN}:
            self.papers.undoes(self.terminal, request_id)
            self.hears(await self.till.release(request_id))
        elif card.cash in _TO_FIND_OUT:
            await self._finds_out(request_id)

    async def _finds_out(self, request_id: str) -> None:
        """Looks up what is left of a sale: the rest of its cash is the patient's."""
        due_fen = 0
        for each in self.papers.left_of(request_id):
            try:
                card = await self.till.status(each)
            except RefusedError:  # the till died before it wrote anything of this return
                continue
            if card.outcome is Outcome.OPEN:
                return
            if card.outcome is Outcome.PAID:
                due_fen += sum(leg.amount_fen for leg in card.legs if leg.kind == LegKind.CASH)
        self.papers.put_right(request_id, due_fen)
        self.hears(await self.till.cash_returned(request_id))

    async def looks_again(self, request_id: str) -> bool:
        """Asks for a sale that another till has undone, which this journal may have as paid."""
        for _ in range(_EVENING_ROUNDS):
            with contextlib.suppress(MedsettleError):
                self.hears(await self.till.status(request_id))
                return True
            await asyncio.sleep(0.1)
        return False
