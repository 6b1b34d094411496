"""The till: everything that a point of sale asks of the gateway, blocking. ``aio`` has the same, async.

Safe for threads: calls run side by side, and two about one ticket run one after the other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from tenacity import Retrying

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
from medsettle.transport import GrpcTransport, Transport
from medsettle.wire.signing import Signer

_T = TypeVar("_T")
PAGES_MAX: Final = 10_000


class Till:
    """A terminal of an institution. Open one per terminal, and close it: it holds the journal's lock."""

    def __init__(self, desk: Desk, transport: Transport) -> None:
        self._desk = desk
        self._transport = transport
        self._owner = opening.Owner()

    @classmethod
    def open(
        cls, config: TillConfig | str | Path, *, clock: Clock | None = None, hooks: Iterable[Hook] = (),
        journal: Journal | None = None, signer: Signer | None = None, transport: Transport | None = None,
    ) -> Self:
        """Returns a till. ``config``: the path of a till.toml, or its values.

        Raises ConfigError, and JournalError for a journal that is damaged, full or in use: before any
        money can move. ``signer`` replaces the key file: a smart card or a security module.
        """
        desk = opening.desk(config, clock=clock, hooks=hooks, journal=journal, signer=signer)
        try:
            return cls(desk, transport or GrpcTransport(desk.config))
        except BaseException:
            desk.journal.close()
            raise

    def close(self) -> None:
        """Ends the connection and lets go of the journal; again is harmless."""
        if self._owner.leaves():
            try:
                self._transport.close()
            finally:
                self._desk.journal.close()

    def __enter__(self) -> Self:
        """Returns the till."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the till."""
        self.close()

    @property
    def config(self) -> TillConfig:
        """What the till was opened with."""
        return self._desk.config

    @property
    def clock_offset_ms(self) -> int:
        """How far the gateway's clock is ahead of the machine's, as last corrected, in milliseconds."""
        return self._desk.clock.offset_ms

    def next_number(self) -> str:
        """Returns a ticket number that was not used before today. Each call gives another one.

        A new journal asks the gateway once which are used; GatewayAwayError if that cannot be said.
        """
        return self._run(numbering.next_number(self._desk))

    def check_eligibility(
        self, credential: Credential | str, *, benefit: str | None = None, as_of: date | None = None,
        prescription: str | None = None, item_codes: Sequence[str] = (), operator: str | None = None,
    ) -> Eligibility:
        """Returns what the patient may have here; amounts in fen. Repeating is safe: it changes nothing.

        ``item_codes``: up to 50 items to look at. What is said of today binds the quote and the sale of the
        same credential until ``binding_until``: the till sends ``eligibility_token`` with them by itself.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        return self._run(questions.check_eligibility(
            self._desk, credential, benefit=benefit, as_of=as_of, prescription=prescription,
            item_codes=item_codes, operator=self._operator(operator),
        ))

    def quote(
        self, credential: Credential | str, basket: Basket, *, operator: str | None = None,
        eligibility_token: str | None = None, proxied: bool = False,
    ) -> Quote:
        """Returns what a sale would cost, in fen (预结算). Repeating is safe: nothing is reserved.

        ``proxied``: somebody else has come for the patient (代办), whom ``settle`` will name.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        return self._run(questions.quote(
            self._desk, credential, basket, self._operator(operator), eligibility_token, proxied=proxied
        ))

    def settle(  # noqa: PLR0913 - what Settle is asked with
        self, ticket: Ticket | str | int, credential: Credential | str, basket: Basket, *, expected: Split,
        collect: Collect = Collect.NOW, operator: str | None = None, quote_token: str | None = None,
        acknowledgements: Sequence[str] = (), proxy: Proxy | None = None,
        eligibility_token: str | None = None, accepted_warnings: Sequence[AcceptedWarning] = (),
    ) -> SaleCard:
        """Charges or holds what was quoted (结算), once a ticket number and day.

        Repeating is safe: a second call for the ticket with the same credential gets the first one's sale;
        after a refusal it is the next attempt. After a restart what is open is ended, and what is paid
        comes back as ``card.earlier``. Returns the card of a sale that is PAID or HELD. Raises RefusedError
        (NOT_PAID, proven; or REFUND_FIRST), OutcomeUnknownError (OPEN), and NotSentError if nothing left
        the till: TICKET_REUSED for another credential, other goods or amounts.
        """
        what = selling.settling(
            ticket, credential, basket, expected=expected, collect=collect,
            operator=self._operator(operator), quote_token=quote_token, acknowledgements=acknowledgements,
            proxy=proxy, eligibility_token=eligibility_token, accepted_warnings=accepted_warnings,
        )
        return self._run(selling.settle(self._desk, what))

    def confirm(
        self, request_id: str, tenders: Sequence[Tendered] = (), *, operator: str | None = None
    ) -> SaleCard:
        """Says that the cash part of a hold is collected. Repeating is safe: it settles once.

        Returns the card of a PAID sale. Raises RefusedError, OutcomeUnknownError, or RequestError if the
        tenders do not add up to the cash part; GatewayAwayError if another till's sale cannot be looked up,
        and nothing is confirmed then.
        """
        return self._run(selling.confirm(self._desk, request_id, tenders, self._operator(operator)))

    def release(self, request_id: str, *, operator: str | None = None) -> SaleCard:
        """Gives a hold up; a settled sale stays settled, whenever that is found out. Repeating is safe.
        Returns a NOT_PAID card; ``refund_due_fen`` goes back in cash.

        Raises RefusedError for a settled sale, and OutcomeUnknownError; then ``recover`` ends it.
        """
        return self._run(selling.release(self._desk, request_id, self._operator(operator)))

    def reverse(self, request_id: str, *, reason: str, operator: str | None = None) -> SaleCard:
        """Undoes a sale wherever it stands (撤销). Repeating is safe: it is undone once.

        Returns a NOT_PAID card; ``refund_due_fen`` goes back in cash. Raises RefusedError if it stays
        paid (PAID_SALE_LOST: the gateway has lost it, so people look into it), and OutcomeUnknownError;
        then ``recover`` ends it.
        """
        return self._run(selling.reverse(self._desk, request_id, reason, self._operator(operator)))

    def seal(self, request_id: str, *, operator: str | None = None) -> SaleCard:
        """Makes sure that an id whose fate is unknown can no longer become a sale. Repeating is safe.

        Returns the card of a sale that is NOT_PAID, PAID or HELD. Raises OutcomeUnknownError.
        """
        return self._run(selling.seal(self._desk, request_id, self._operator(operator)))

    def status(self, request_id: str) -> SaleCard:
        """Looks a sale up; with the gateway away, in the journal. Repeating is safe: it changes nothing.

        Raises RefusedError for an id that neither side knows, which does not mean that it failed,
        RequestError for one of another institution, and GatewayAwayError where only the gateway could tell.
        """
        return self._run(selling.status(self._desk, request_id))

    def list_sales(
        self, *, states: Sequence[str] = (), terminal: str | None = None, service_from: date | None = None,
        service_to: date | None = None, page_size: int = 20,
    ) -> Iterator[Sale]:
        """Yields the institution's sales, newest first, page by page as they are read. Repeating is safe."""
        token = ""
        for _ in range(PAGES_MAX):
            sales, token = self._run(
                questions.list_page(token, page_size, states, terminal, service_from, service_to)
            )
            yield from sales
            if not token:
                return

    def register_prescription(
        self, credential: Credential | str, order: PrescriptionOrder, *, operator: str | None = None
    ) -> RegisteredPrescription:
        """Registers a prescription of this clinic's for the patient. Repeating is safe: the same content
        gets the first answer; other content under its number is refused.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        script = prescribing.register(credential, order, self._operator(operator))
        return self._run(script)

    def fetch_prescriptions(
        self, credential: Credential | str, *, number: str = "", institution: str = "",
        operator: str | None = None,
    ) -> tuple[RegisteredPrescription, ...]:
        """Returns what may still be dispensed to the patient, oldest first, up to 50. Repeating is safe: it
        changes nothing. Empty texts ask for any.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        return self._run(prescribing.fetch(credential, number, institution, self._operator(operator)))

    def review_prescription(
        self, number: str, institution: str, *, pharmacist: str, approved: bool, note: str = "",
        review_token: str = "", operator: str | None = None,
    ) -> RegisteredPrescription:
        """Records a pharmacist's review; ``note`` says why it is not approved. Repeating is safe.

        ``review_token``: what the prescription had when it was fetched here, unless it is this institution's.
        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        script = prescribing.review(
            number, institution, pharmacist, note, self._operator(operator), approved=approved,
            review_token=review_token,
        )
        return self._run(script)

    def withdraw_prescription(
        self, number: str, *, reason: str, operator: str | None = None
    ) -> RegisteredPrescription:
        """Takes back what is left of a prescription of this institution's. Repeating is safe.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        return self._run(prescribing.withdraw(number, reason, self._operator(operator)))

    def open_sales(self) -> tuple[SaleCard, ...]:
        """Returns the cards of what is not closed, oldest first, by the journal alone."""
        return self._run(selling.open_sales(self._desk))

    def recover(self, tender: Tender | None = None) -> tuple[SaleCard, ...]:
        """Ends what is open, oldest first, and returns the cards. Call it at the start and when the line
        is back. Repeating is safe: it never sends Settle. ``tender`` pays back what a provider took.
        """
        return self._run(recovery.recover(self._desk, tender))

    def checkout(  # noqa: PLR0913 - what Quote and Settle are asked with
        self, ticket: Ticket | str | int, credential: Credential | str, basket: Basket, *,
        show: Callable[[Quote], bool], tender: Tender, operator: str | None = None,
        acknowledgements: Sequence[str] = (), proxy: Proxy | None = None,
        eligibility_token: str | None = None, accepted_warnings: Sequence[AcceptedWarning] = (),
        accept: Callable[[tuple[Advisory, ...]], Sequence[AcceptedWarning]] | None = None,
    ) -> SaleCard:
        """Does the whole sale: quote, show, hold, collect the cash part, confirm; undone if anything fails.

        ``show`` is given the quote and returns True if the patient agrees. ``accept`` is then given the
        warnings (预警) that ``accepted_warnings`` does not name, and returns those that the cashier accepts,
        each with a reason; if one is left out nothing is sent. Repeating is safe: a ticket is sold once.

        Always returns a card that can be shown: PAID, NOT_PAID or OPEN. Raises RequestError for a basket
        that is not in order, and what ``show`` raises; nothing was sent then.
        """
        wish = checking_out.Wish(
            ticket, credential, basket, show, tender, self._operator(operator), acknowledgements, proxy,
            eligibility_token, accepted_warnings, accept,
        )
        return self._run(checking_out.checkout(self._desk, wish))

    def quote_return(
        self, request_id: str, stay: Sequence[Line], *, operator: str | None = None
    ) -> Quote:
        """Returns what would be left of a settled sale if only these lines stayed; ``difference`` goes back.

        Each line has the ``line_id`` that it was sold under. Repeating is safe: it changes nothing.

        Raises RefusedError, RequestError, TerminalNotReadyError or GatewayAwayError.
        """
        return self._run(questions.quote_return(request_id, stay, self._operator(operator)))

    def return_goods(
        self, ticket: Ticket | str | int, request_id: str, stay: Sequence[Line], *, expected: Split,
        operator: str | None = None, tender: Tender | None = None,
    ) -> SaleCard:
        """Takes part of the goods back (部分退货): the sale is reversed, what stays is settled as ``ticket``.

        ``expected`` is the split of ``quote_return``. Repeating is safe: once a ticket number. Returns the
        card of what stays, PAID; ``refund_due_fen`` is the cash that goes back, which ``tender`` pays if
        there is one. Raises RefusedError (NOT_PAID: the sale stands as it was), OutcomeUnknownError (OPEN;
        ``recover`` ends it), and NotSentError.
        """
        what = going_back.returning(
            ticket, request_id, stay, expected=expected, operator=self._operator(operator), tender=tender
        )
        return self._run(going_back.return_goods(self._desk, what))

    def cash_returned(self, request_id: str) -> SaleCard:
        """Writes down that nothing is owed to the patient any more: he has the cash part back, or a person
        found out that he need not get it. Repeating is safe: the card then says that it was written down.

        Raises RefusedError: NOTHING_DUE, or SALE_NOT_FOUND for an id that neither side knows; RequestError
        (SALE_UNKNOWN) for a sale that another journal holds.
        """
        return self._run(refunding.cash_returned(self._desk, request_id))

    def rotate_key(self) -> KeyRotation:
        """Registers a new key and goes over to it; sales under way are not disturbed.

        Repeating makes a further key; after a lost answer, it registers the same one. Until then the old
        key stays in use, and the new one takes over by itself when the gateway refuses the old.
        """
        return self._run(questions.rotate_key(self._desk))

    def probe(self) -> Probe:
        """Returns how fast a signed answer comes through, and how far the clocks are apart, in ms."""
        return self._run(questions.probe(self._desk))

    def _operator(self, operator: str | None) -> str:
        return operator if operator is not None else self._desk.config.operator

    def _run(self, script: Script[_T]) -> _T:
        """Drives a script: does what it yields, and sends back the result or throws in the error."""
        self._owner.check()
        try:
            effect = next(script)
            while True:
                try:
                    result = self._do(effect)
                except Exception as error:  # noqa: BLE001 - the script decides
                    effect = script.throw(error)
                else:
                    effect = script.send(result)
        except StopIteration as stop:
            value: _T = stop.value
            return value
        finally:
            script.close()

    def _do(self, effect: Effect) -> Any:  # noqa: ANN401 - each effect has its own
        match effect:
            case Ask():
                return self._ask(effect)
            case Note(work) | Consult(work):
                return work()
            case Pause(seconds):
                return self._desk.clock.sleep(seconds)

    def _ask(self, effect: Ask) -> Verdict:
        tries = Tries(self._desk, effect)
        retrying = Retrying(sleep=self._desk.clock.sleep, **tries.policy())

        def one_try() -> Verdict:
            request, timeout_ms = tries.next()
            return tries.judged(request, self._transport.call(request, timeout_ms))

        verdict: Verdict = retrying(one_try)
        return verdict
