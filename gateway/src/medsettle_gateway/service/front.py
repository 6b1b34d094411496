"""The service as a front sees it: a command in, an answer out, whatever the wire looks like."""

from dataclasses import dataclass
from datetime import datetime

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.facts import InstitutionFacts, ResolvedCredential
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import Facts, InstitutionKey
from medsettle_gateway.service import (
    binding,
    check_eligibility,
    fetching,
    look_up,
    question,
    quote,
    showing,
)
from medsettle_gateway.service.check_eligibility import AskedCheck
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.circulating import PrescriptionsAnswer
from medsettle_gateway.service.commands import (
    Answer,
    Caller,
    CheckEligibility,
    Command,
    Enrol,
    Expire,
    FetchPrescriptions,
    GetSale,
    ListSales,
    Quote,
    QuoteAnswer,
    ReadCommand,
    Reassert,
    RegisterPrescription,
    Release,
    Reverse,
    ReviewPrescription,
    RotateKey,
    Seal,
    Settle,
    WithdrawPrescription,
)
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Desk, Now
from medsettle_gateway.service.dispensing import check_reviewed
from medsettle_gateway.service.fetching import AskedFetch
from medsettle_gateway.service.placing import place_keys, registered_on
from medsettle_gateway.service.ports import Clock, CredentialResolver, Report, Store, StoreUnavailableError
from medsettle_gateway.service.prescribing import AskedRegistration
from medsettle_gateway.service.question import Asking
from medsettle_gateway.service.recently import Load
from medsettle_gateway.service.refused import unrecorded, unrecorded_of
from medsettle_gateway.service.replacing import AskedReturn, Return, needs_of_return
from medsettle_gateway.service.resolving import Showing, asked_for, resolved
from medsettle_gateway.service.settle import AskedSettle
from medsettle_gateway.service.use_cases import load_facts
from medsettle_gateway.service.writer import Writer

_FREE = (
    CheckEligibility, Quote, ListSales, Reassert, Enrol, RotateKey, Expire, RegisterPrescription,
    FetchPrescriptions, ReviewPrescription, WithdrawPrescription,
)
"""Commands that name no sale which could be another's."""


@dataclass(frozen=True, slots=True)
class Service:
    """Answers every command: reads beside the writer, everything else through it.

    ``courier`` is needed where a remote authority decides: a sale that it must be asked of is waited for.
    ``recently`` answers what may have stood a moment ago: what an institution is, for a check.
    """

    store: Store
    clock: Clock
    desk: Desk
    resolver: CredentialResolver
    writer: Writer
    report: Report
    courier: Courier | None = None
    recently: Load | None = None

    async def __call__(self, command: Command, deadline_at: datetime | None = None) -> Answer:
        """Returns the answer; a refusal is one. Nothing is begun after the deadline."""
        request_id = str(getattr(command, "request_id", ""))
        if _is_anothers(command):
            return unrecorded(Reason.NOT_YOURS, request_id)
        if deadline_at is not None and self.clock.now() >= deadline_at:
            return unrecorded(Reason.DEADLINE_PASSED, request_id)
        try:
            return await self._answer(command, deadline_at)
        except Refused as refused:
            return unrecorded_of(refused.refusal)
        except StoreUnavailableError as error:
            self.report(type(command).__name__, error)
            return unrecorded(Reason.STORE_UNAVAILABLE, request_id)

    async def _answer(self, command: Command, deadline_at: datetime | None) -> Answer:
        match command:
            case CheckEligibility() | Quote() | GetSale() | ListSales() | FetchPrescriptions():
                return await self._read(command, deadline_at)
            case Settle():
                return await self._settle(command, deadline_at)
            case RegisterPrescription():
                asked = AskedRegistration(command, await self._resolved(command))
                return await self.writer.submit(asked, deadline_at)
            case Reassert():
                return await showing.reassert(command, self.desk, self.writer.submit, deadline_at)
            case Release() | Reverse() | Seal() if self.courier is not None:
                with self.courier.listening(command.request_id.text) as told:
                    first = await self.writer.submit(command, deadline_at)
                    return await self.courier.answered(command, first, told, deadline_at)
            case _:
                return await self.writer.submit(command, deadline_at)

    async def _read(self, command: ReadCommand, deadline_at: datetime | None) -> Answer:
        match command:
            case CheckEligibility():
                return await self._check(command)
            case Quote():
                return await self._quote(command, deadline_at)
            case GetSale():
                return await look_up.get_sale(command, self.store)
            case ListSales():
                return await look_up.list_sales(command, self.store)
            case FetchPrescriptions():
                return await self._fetch(command)

    async def _settle(self, command: Settle, deadline_at: datetime | None) -> Answer:
        if command.replaces is not None:
            return await self.writer.submit(AskedReturn.prepare(command, command.replaces), deadline_at)
        institution = await self._institution(command.caller)
        credential = await self._resolved_at(command, institution)
        asked = AskedSettle.prepare(command, credential, self.desk)
        name = self._remote_at(institution)
        if self.courier is None or not name:
            return await self.writer.submit(asked, deadline_at)
        with self.courier.listening(command.request_id.text) as told:
            first = await self.courier.settle(asked, name, deadline_at)
            return await self.courier.answered(asked, first, told, deadline_at)

    def _remote_at(self, institution: InstitutionFacts | None) -> str:
        """The remote authority that decides there; empty: none does."""
        return "" if institution is None else self.desk.remotes.of(institution)

    async def _check(self, command: CheckEligibility) -> EligibilityAnswer:
        credential = await self._resolved(command)
        asked, now = AskedCheck(command, credential), self._now()
        place = await self._place(command.caller, now)
        facts = await load_facts(self.store.load, check_eligibility.needs, asked, now, place)
        return check_eligibility.answer(asked, facts, now)

    async def _fetch(self, command: FetchPrescriptions) -> PrescriptionsAnswer:
        asked, now = AskedFetch(command, await self._resolved(command)), self._now()
        facts = await load_facts(self.store.load, fetching.needs_fetch, asked, now)
        return fetching.fetched(asked, facts, now)

    async def _quote_return(self, command: Quote, replaces: RequestId) -> QuoteAnswer:
        back, caller, now = Return(replaces, command.basket.lines), command.caller, self._now()
        facts = await load_facts(
            self.store.load, lambda _, known, now: needs_of_return(back, caller, known, now), command, now
        )
        return quote.answer_return(back, caller, facts, now)

    async def _quote(self, command: Quote, deadline_at: datetime | None) -> QuoteAnswer:
        if command.replaces is not None:
            return await self._quote_return(command, command.replaces)
        institution = await self._institution(command.caller)
        credential = await self._resolved_at(command, institution)
        asking, now = self._asking(command, credential), self._now()
        facts = await load_facts(self.store.load, binding.needs, asking, now)
        if self.courier is None or not self._remote_at(institution):
            return quote.answer(asking, facts, now)
        binding.check_token(asking, now.at)
        about = question.ask(asking, facts, now).question
        check_reviewed(about.prescribed)
        decided = await self.courier.quoted(about, command.credential, deadline_at)
        return quote.answer_remote(asking, about, decided, now)

    def _asking(self, command: Quote, credential: ResolvedCredential | Refusal) -> Asking:
        token = command.eligibility_token
        return Asking(
            command.caller.institution, credential, command.basket,
            eligibility=self.desk.eligibility.read(token) if token is not None else None,
            brings_token=token is not None, proxied=command.proxied,
        )

    async def _resolved(self, command: Showing) -> ResolvedCredential | Refusal:
        """What the credential says. A resolver that fails must not hide the first answer of a known id."""
        return await self._resolved_at(command, await self._institution(command.caller))

    async def _resolved_at(
        self, command: Showing, institution: InstitutionFacts | None
    ) -> ResolvedCredential | Refusal:
        asked = asked_for(command, institution)
        return await resolved(self.resolver, command.credential, asked, self.clock.now(), self.report)

    async def _place(self, caller: Caller, now: Now) -> Facts:
        """What was known of the institution a moment ago: enough for a check, on which nothing is booked."""
        if self.recently is None:
            return Facts()
        key = InstitutionKey(caller.institution)
        facts = await self.recently((key, *place_keys(caller.institution)))
        if (found := facts.of(key)) is None:
            return facts
        day = day_of(now.at)
        orders = check_eligibility.orders_key(registered_on(facts, found, day), day, now)
        return facts.joined(await self.recently((orders,)))

    async def _institution(self, caller: Caller) -> InstitutionFacts | None:
        """The institution as it is registered today, or None; of a moment ago where that is kept."""
        key, load = InstitutionKey(caller.institution), self.recently or self.store.load
        facts = await load((key, *place_keys(caller.institution)))
        found = facts.of(key)
        return None if found is None else registered_on(facts, found, day_of(self.clock.now()))

    def _now(self) -> Now:
        return Now(self.desk, self.clock.now())


def _is_anothers(command: Command) -> bool:
    """Settle is for the terminal in the id, everything else for any terminal of its institution."""
    if isinstance(command, _FREE):
        return False
    if isinstance(command, Settle):
        return command.request_id.terminal != command.caller.terminal
    return command.request_id.institution != command.caller.institution
