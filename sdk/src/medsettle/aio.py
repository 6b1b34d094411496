"""The till for asyncio: the names of ``till``, each to be awaited. See there for what they promise.

The journal is written in a worker thread, so that a disk does not hold up the loop. What ``show`` and
a tender return may be awaitable.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Self, TypeVar

from tenacity import AsyncRetrying

from medsettle import recover as recovery
from medsettle._desk import checkout as checking_out
from medsettle._desk import numbering, opening, prescribing, questions, refunding, selling
from medsettle._desk import returning as going_back
from medsettle._desk.desk import Desk
from medsettle._desk.effects import Ask, Consult, Effect, Note, Pause, Script
from medsettle._desk.tries import Tries
from medsettle._exchange.signed import Verdict
from medsettle.clock import Clock
from medsettle.config import TillConfig
from medsettle.hooks import Hook
from medsettle.journal import Journal
from medsettle.models import (
    AcceptedWarning,
    Advisory,
    Basket,
    Collect,
    Credential,
    Eligibility,
    KeyRotation,
    Line,
    PrescriptionOrder,
    Probe,
    Proxy,
    Quote,
    RegisteredPrescription,
    Sale,
    SaleCard,
    Split,
    Tendered,
)
from medsettle.tender import Tender
from medsettle.ticket import Ticket
from medsettle.till import PAGES_MAX
from medsettle.transport import AioTransport, AsyncTransport
from medsettle.wire.signing import Signer

_T = TypeVar("_T")


class AsyncTill:
    """A terminal of an institution, for one event loop. ``async with await AsyncTill.open(...)``."""

    def __init__(self, desk: Desk, transport: AsyncTransport) -> None:
        self._desk = desk
        self._transport = transport
        self._owner = opening.Owner()

    @classmethod
    async def open(
        cls, config: TillConfig | str | Path, *, clock: Clock | None = None, hooks: Iterable[Hook] = (),
        journal: Journal | None = None, signer: Signer | None = None,
        transport: AsyncTransport | None = None,
    ) -> Self:
        """As ``Till.open``."""
        desk = await _to_its_end(
            lambda: opening.desk(config, clock=clock, hooks=hooks, journal=journal, signer=signer),
            unwanted=lambda made: made.journal.close(),
        )
        try:
            return cls(desk, transport or AioTransport(desk.config))
        except BaseException:
            desk.journal.close()
            raise

    async def close(self) -> None:
        """As ``Till.close``."""
        if self._owner.leaves():
            try:
                await self._transport.close()
            finally:
                await _to_its_end(self._desk.journal.close)

    async def __aenter__(self) -> Self:
        """Returns the till."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the till."""
        await self.close()

    @property
    def config(self) -> TillConfig:
        """As ``Till.config``."""
        return self._desk.config

    @property
    def clock_offset_ms(self) -> int:
        """As ``Till.clock_offset_ms``."""
        return self._desk.clock.offset_ms

    async def next_number(self) -> str:
        """As ``Till.next_number``."""
        return await self._run(numbering.next_number(self._desk))

    async def check_eligibility(
        self, credential: Credential | str, *, benefit: str | None = None, as_of: date | None = None,
        prescription: str | None = None, item_codes: Sequence[str] = (), operator: str | None = None,
    ) -> Eligibility:
        """As ``Till.check_eligibility``. Repeating is safe."""
        return await self._run(questions.check_eligibility(
            self._desk, credential, benefit=benefit, as_of=as_of, prescription=prescription,
            item_codes=item_codes, operator=self._operator(operator),
        ))

    async def quote(
        self, credential: Credential | str, basket: Basket, *, operator: str | None = None,
        eligibility_token: str | None = None, proxied: bool = False,
    ) -> Quote:
        """As ``Till.quote``. Repeating is safe."""
        return await self._run(questions.quote(
            self._desk, credential, basket, self._operator(operator), eligibility_token, proxied=proxied
        ))

    async def settle(  # noqa: PLR0913 - what Settle is asked with
        self, ticket: Ticket | str | int, credential: Credential | str, basket: Basket, *, expected: Split,
        collect: Collect = Collect.NOW, operator: str | None = None, quote_token: str | None = None,
        acknowledgements: Sequence[str] = (), proxy: Proxy | None = None,
        eligibility_token: str | None = None, accepted_warnings: Sequence[AcceptedWarning] = (),
    ) -> SaleCard:
        """As ``Till.settle``. Repeating is safe."""
        what = selling.settling(
            ticket, credential, basket, expected=expected, collect=collect,
            operator=self._operator(operator), quote_token=quote_token, acknowledgements=acknowledgements,
            proxy=proxy, eligibility_token=eligibility_token, accepted_warnings=accepted_warnings,
        )
        return await self._run(selling.settle(self._desk, what))

    async def confirm(
        self, request_id: str, tenders: Sequence[Tendered] = (), *, operator: str | None = None
    ) -> SaleCard:
        """As ``Till.confirm``. Repeating is safe."""
        return await self._run(selling.confirm(self._desk, request_id, tenders, self._operator(operator)))

    async def release(self, request_id: str, *, operator: str | None = None) -> SaleCard:
        """As ``Till.release``. Repeating is safe."""
        return await self._run(selling.release(self._desk, request_id, self._operator(operator)))

    async def reverse(self, request_id: str, *, reason: str, operator: str | None = None) -> SaleCard:
        """As ``Till.reverse``. Repeating is safe."""
        return await self._run(selling.reverse(self._desk, request_id, reason, self._operator(operator)))

    async def seal(self, request_id: str, *, operator: str | None = None) -> SaleCard:
        """As ``Till.seal``. Repeating is safe."""
        return await self._run(selling.seal(self._desk, request_id, self._operator(operator)))

    async def status(self, request_id: str) -> SaleCard:
        """As ``Till.status``. Repeating is safe."""
        return await self._run(selling.status(self._desk, request_id))

    async def list_sales(
        self, *, states: Sequence[str] = (), terminal: str | None = None, service_from: date | None = None,
        service_to: date | None = None, page_size: int = 20,
    ) -> AsyncIterator[Sale]:
        """As ``Till.list_sales``. Repeating is safe."""
        token = ""
        for _ in range(PAGES_MAX):
            sales, token = await self._run(
                questions.list_page(token, page_size, states, terminal, service_from, service_to)
            )
            for sale in sales:
                yield sale
            if not token:
                return

    async def register_prescription(
        self, credential: Credential | str, order: PrescriptionOrder, *, operator: str | None = None
    ) -> RegisteredPrescription:
        """As ``Till.register_prescription``. Repeating is safe."""
        script = prescribing.register(credential, order, self._operator(operator))
        return await self._run(script)

    async def fetch_prescriptions(
        self, credential: Credential | str, *, number: str = "", institution: str = "",
        operator: str | None = None,
    ) -> tuple[RegisteredPrescription, ...]:
        """As ``Till.fetch_prescriptions``. Repeating is safe."""
        return await self._run(prescribing.fetch(credential, number, institution, self._operator(operator)))

    async def review_prescription(
        self, number: str, institution: str, *, pharmacist: str, approved: bool, note: str = "",
        review_token: str = "", operator: str | None = None,
    ) -> RegisteredPrescription:
        """As ``Till.review_prescription``. Repeating is safe."""
        script = prescribing.review(
            number, institution, pharmacist, note, self._operator(operator), approved=approved,
            review_token=review_token,
        )
        return await self._run(script)

    async def withdraw_prescription(
        self, number: str, *, reason: str, operator: str | None = None
    ) -> RegisteredPrescription:
        """As ``Till.withdraw_prescription``. Repeating is safe."""
        return await self._run(prescribing.withdraw(number, reason, self._operator(operator)))

    async def open_sales(self) -> tuple[SaleCard, ...]:
        """As ``Till.open_sales``."""
        return await self._run(selling.open_sales(self._desk))

    async def recover(self, tender: Tender | None = None) -> tuple[SaleCard, ...]:
        """As ``Till.recover``. Repeating is safe."""
        return await self._run(recovery.recover(self._desk, tender))

    async def checkout(  # noqa: PLR0913 - what Quote and Settle are asked with
        self, ticket: Ticket | str | int, credential: Credential | str, basket: Basket, *,
        show: Callable[[Quote], Any], tender: Tender, operator: str | None = None,
        acknowledgements: Sequence[str] = (), proxy: Proxy | None = None,
        eligibility_token: str | None = None, accepted_warnings: Sequence[AcceptedWarning] = (),
        accept: Callable[[tuple[Advisory, ...]], Any] | None = None,
    ) -> SaleCard:
        """As ``Till.checkout``. Repeating is safe."""
        wish = checking_out.Wish(
            ticket, credential, basket, show, tender, self._operator(operator), acknowledgements, proxy,
            eligibility_token, accepted_warnings, accept,
        )
        return await self._run(checking_out.checkout(self._desk, wish))

    async def quote_return(
        self, request_id: str, stay: Sequence[Line], *, operator: str | None = None
    ) -> Quote:
        """As ``Till.quote_return``. Repeating is safe."""
        return await self._run(questions.quote_return(request_id, stay, self._operator(operator)))

    async def return_goods(
        self, ticket: Ticket | str | int, request_id: str, stay: Sequence[Line], *, expected: Split,
        operator: str | None = None, tender: Tender | None = None,
    ) -> SaleCard:
        """As ``Till.return_goods``. Repeating is safe."""
        what = going_back.returning(
            ticket, request_id, stay, expected=expected, operator=self._operator(operator), tender=tender
        )
        return await self._run(going_back.return_goods(self._desk, what))

    async def cash_returned(self, request_id: str) -> SaleCard:
        """As ``Till.cash_returned``."""
        return await self._run(refunding.cash_returned(self._desk, request_id))

    async def rotate_key(self) -> KeyRotation:
        """As ``Till.rotate_key``."""
        return await self._run(questions.rotate_key(self._desk))

    async def probe(self) -> Probe:
        """As ``Till.probe``."""
        return await self._run(questions.probe(self._desk))

    def _operator(self, operator: str | None) -> str:
        return operator if operator is not None else self._desk.config.operator

    async def _run(self, script: Script[_T]) -> _T:
        """Drives a script: does what it yields, and sends back the result or throws in the error."""
        self._owner.check()
        try:
            effect = next(script)
            while True:
                try:
                    result = await self._do(effect)
                except Exception as error:  # noqa: BLE001 - the script decides
                    effect = script.throw(error)
                else:
                    effect = script.send(result)
        except StopIteration as stop:
            value: _T = stop.value
            return value
        finally:
            script.close()

    async def _do(self, effect: Effect) -> Any:  # noqa: ANN401 - each effect has its own
        match effect:
            case Ask():
                return await self._ask(effect)
            case Note(work):
                return await _to_its_end(work)
            case Consult(work, blocks=True):
                return await _in_its_own_thread(work)
            case Consult(work):
                result = work()
                return await result if inspect.isawaitable(result) else result
            case Pause(seconds):
                return await self._desk.clock.pause(seconds)

    async def _ask(self, effect: Ask) -> Verdict:
        tries = Tries(self._desk, effect)
        retrying = AsyncRetrying(sleep=self._desk.clock.pause, **tries.policy())

        async def one_try() -> Verdict:
            request, timeout_ms = tries.next()
            return tries.judged(request, await self._transport.call(request, timeout_ms))

        verdict: Verdict = await retrying(one_try)
        return verdict


async def _in_its_own_thread(work: Callable[[], _T]) -> _T:
    """Asks what takes its time: the threads in which the journal is written must not wait for it."""
    threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="medsettle-tender")
    try:
        return await _to_its_end(work, threads=threads)
    finally:
        threads.shutdown(wait=False)


async def _to_its_end(
    work: Callable[[], _T], unwanted: Callable[[_T], object] = lambda _: None,
    threads: ThreadPoolExecutor | None = None,
) -> _T:
    """Does work in a worker thread. A cancel is heard when the work is done.

    A thread cannot be stopped: were the ticket free before, the next click would read what is about to
    be overwritten. ``unwanted`` is given what came of work that was cancelled.
    """
    working = asyncio.get_running_loop().run_in_executor(threads, work)
    cancelled: asyncio.CancelledError | None = None
    while not working.done():
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return working.result()
    if working.exception() is None:
        unwanted(working.result())
    raise cancelled
