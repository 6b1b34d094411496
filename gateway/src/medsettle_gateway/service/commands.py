"""What a front may ask of the service, and what it answers: plain values, free of any wire format."""

from dataclasses import dataclass, field
from datetime import date, datetime

from msgspec import Struct

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Basket, Collect
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.credential import Proxy
from medsettle_gateway.domain.finding import AcceptedWarning
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.prescriptions import PrescriptionOrder, SignedRequest
from medsettle_gateway.domain.recovery import Became, ShownSale
from medsettle_gateway.domain.sale import RefusalRecord, SaleRecord, SettlementRecord, TenderRecord
from medsettle_gateway.domain.split import Difference, Split
from medsettle_gateway.service.checked import Advisory, EligibilityAnswer
from medsettle_gateway.service.circulating import PrescriptionAnswer, PrescriptionsAnswer


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the signature proved: an active terminal of an institution, and its key."""

    terminal: str
    institution: str
    key: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as it was scanned. It appears in no text of this value.

    ``kind`` is electronic, identity_card or social_card. ``code_type``: of an electronic credential which
    code it is; empty: the national one.
    """

    kind: str
    token: str = field(repr=False)
    code_type: str = ""


@dataclass(frozen=True, slots=True)
class CheckEligibility:
    """What may this patient have here? ``as_of`` absent: the gateway's day."""

    caller: Caller
    credential: Shown
    benefit: str | None = None
    as_of: date | None = None
    prescription: Prescription | None = None
    operator: str = ""
    item_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What would it cost now? With ``replaces``: what would be left of a sale, if only these lines stayed.

    ``proxied``: somebody else has come for the patient.
    """

    caller: Caller
    credential: Shown
    basket: Basket
    operator: str = ""
    replaces: RequestId | None = None
    eligibility_token: str | None = None
    proxied: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Charge or hold. The request id's terminal is the caller's (checked before).

    With ``replaces`` it is a return of part of the goods: of the basket only the lines count, which are those
    that stay, and the credential says nothing.
    """

    caller: Caller
    request_id: RequestId
    credential: Shown
    basket: Basket
    expected: Split
    collect: Collect
    operator: str
    requested_at: datetime
    acknowledgements: tuple[str, ...] = ()
    quote_token: str | None = None
    replaces: RequestId | None = None
    eligibility_token: str | None = None
    proxy: Proxy | None = field(default=None, repr=False)
    accepted_warnings: tuple[AcceptedWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm:
    """The cash part of a hold is collected."""

    caller: Caller
    request_id: RequestId
    tenders: tuple[TenderRecord, ...]
    operator: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """Give a hold up."""

    caller: Caller
    request_id: RequestId
    operator: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Reverse:
    """Undo a settled sale."""

    caller: Caller
    request_id: RequestId
    reason: str
    operator: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """No sale shall come to be under this id any more."""

    caller: Caller
    request_id: RequestId
    operator: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Reassert:
    """A till shows signed answers, and with ``epoch`` says that it has shown all that its journal has.

    ``journal_began_at``: since when the journal keeps what it is answered.
    """

    caller: Caller
    shown: tuple[ShownSale, ...] = ()
    epoch: int | None = None
    journal_began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """Time's part: free what a hold reserved, and a day later give the sale up. No caller."""

    request_id: str


@dataclass(frozen=True, slots=True)
class GetSale:
    """Look one sale up."""

    caller: Caller
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class ListSales:
    """The institution's sales, newest first. ``page_size`` is 1 to 100."""

    caller: Caller
    page_size: int = 20
    page_token: str = ""
    states: tuple[SaleState, ...] = ()
    terminal: str | None = None
    service_from: date | None = None
    service_to: date | None = None


@dataclass(frozen=True, slots=True)
class Enrol:
    """Register a first key with a one-time code. The request was signed by the new key (checked before).

    ``terminal`` is whom the till takes itself for; empty if it does not say.
    """

    code: str
    suite: str
    public_key: bytes
    nonce: str
    terminal: str = ""


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Register a further key, with a proof that the terminal holds it."""

    caller: Caller
    suite: str
    public_key: bytes
    proof: bytes
    nonce: str


@dataclass(frozen=True, slots=True)
class RegisterPrescription:
    """Keep what was prescribed. ``signed`` is the request itself, as far as it proves who sent it."""

    caller: Caller
    credential: Shown
    order: PrescriptionOrder
    operator: str
    signed: SignedRequest


@dataclass(frozen=True, slots=True)
class FetchPrescriptions:
    """What may still be dispensed to this patient? Empty texts: of any number, by whomever registered."""

    caller: Caller
    credential: Shown
    operator: str
    number: str = ""
    institution: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPrescription:
    """Keep what a pharmacist says of a prescription."""

    caller: Caller
    number: str
    institution: str
    pharmacist: str
    approved: bool
    note: str
    operator: str
    review_token: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawPrescription:
    """Take a prescription of the caller's institution back."""

    caller: Caller
    number: str
    reason: str
    operator: str


class SaleAnswer(Struct, frozen=True):
    """The sale as it stands, with the patient's masked name (empty if unknown).

    ``to_send``: this command has just committed what a remote authority is to be asked; whoever submitted it
    sends it. ``epoch`` counts the restores with loss.
    """

    sale: SaleRecord
    masked_name: str
    to_send: bool = False
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class SalesAnswer:
    """A page of sales, newest first; ``next_page_token`` is empty on the last one."""

    sales: tuple[SaleAnswer, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class QuoteAnswer:
    """What a sale would cost now; of a return, what would go back."""

    settlements: tuple[SettlementRecord, ...]
    split: Split
    quote_token: str
    expires_at: datetime
    service_on: date
    masked_name: str
    advisories: tuple[Advisory, ...]
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """What a terminal needs to know from now on."""

    terminal: str
    institution: str
    institution_name: str
    key: str
    audience: str
    root_public_key: bytes
    root_suite: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class RotateKeyAnswer:
    """The keys that are valid from now on."""

    key: str
    not_after: datetime
    old_not_after: datetime


@dataclass(frozen=True, slots=True)
class ReassertedAnswer:
    """What became of one sale that was shown, and where it stands; ABSENT where nothing is recorded."""

    request_id: str
    became: Became
    state: SaleState


@dataclass(frozen=True, slots=True)
class ComparedAnswer:
    """How far the comparison of a terminal is. Answers from ``since`` on are still to be shown."""

    epoch: int
    compared: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReassertAnswer:
    """What became of each sale that was shown, in their order, and how far the comparison is."""

    results: tuple["ReassertedAnswer | RefusedAnswer", ...]
    compared: ComparedAnswer


@dataclass(frozen=True, slots=True)
class ExpireAnswer:
    """Where the sale stands after time's part; None if there is none."""

    state: SaleState | None


@dataclass(frozen=True, slots=True)
class ErrandAnswer:
    """The sale of which an authority is to be asked now; None if there is nothing to do.

    ``attempts`` counts how often its errand was taken, this time included.
    """

    sale: SaleRecord | None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """The call was refused. ``recorded``: under the request id, a proof that nothing was charged.

    ``refusal`` carries the totals of QUOTE_CHANGED and the other sale of EARLIER_ATTEMPT_OPEN and
    POSSIBLE_DUPLICATE. ``retry_after_ms`` is set where a delay applies.
    """

    refusal: RefusalRecord
    recorded: bool
    request_id: str = ""
    retry_after_ms: int | None = None


WriteCommand = (
    Settle | Confirm | Release | Reverse | Seal | Reassert | Enrol | RotateKey | Expire
    | RegisterPrescription | ReviewPrescription | WithdrawPrescription
)
ReadCommand = CheckEligibility | Quote | GetSale | ListSales | FetchPrescriptions
Command = WriteCommand | ReadCommand
Answer = (
    SaleAnswer
    | SalesAnswer
    | QuoteAnswer
    | EligibilityAnswer
    | EnrolAnswer
    | RotateKeyAnswer
    | ExpireAnswer
    | ErrandAnswer
    | ReassertedAnswer
    | ComparedAnswer
    | ReassertAnswer
    | PrescriptionAnswer
    | PrescriptionsAnswer
    | RefusedAnswer
)
