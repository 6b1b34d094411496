"""What a decision may use besides the facts: limits, the authority, and the makers of tokens."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from medsettle_gateway.domain.moves import Move
from medsettle_gateway.service.authority import Authority
from medsettle_gateway.service.commands import Answer
from medsettle_gateway.service.eligibility_token import EligibilityTokens
from medsettle_gateway.service.emergency import Orders
from medsettle_gateway.service.ports import ReadPublicKey
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.remote import Remotes
from medsettle_gateway.service.review_token import ReviewTokens


@dataclass(frozen=True, slots=True)
class Rules:
    """Every limit of the use cases."""

    hold: timedelta = timedelta(minutes=10)
    late_confirm: timedelta = timedelta(hours=24)
    """How long after its end a hold may still be confirmed."""
    duplicate_window: timedelta = timedelta(minutes=10)
    midnight_grace: timedelta = timedelta(minutes=15)
    late_claim: timedelta = timedelta(days=365)
    """How old a service may be that is claimed late."""
    stay: timedelta = timedelta(days=400)
    """How long before its bill a stay may have begun."""
    quote: timedelta = timedelta(minutes=15)
    binding: timedelta = timedelta(hours=2)
    """How long what a check has said binds, within its day."""
    key_life: timedelta = timedelta(days=365)
    key_overlap: timedelta = timedelta(days=7)
    """How long the old key stays valid after a rotation."""
    nonce_life: timedelta = timedelta(minutes=20)
    """Longer than twice the window of a request's timestamp."""
    due_holds_count: int = 50
    """Ended holds around one member that one decision frees; the sweeper frees the rest."""
    later_sales_count: int = 100
    """Later sales that a reversal looks through and lists; it says where there are more."""
    dispensed_count: int = 2_000
    """Drugs handed out before, the latest, that one decision looks at."""
    past_sales_count: int = 200
    """Earlier sales of a member, the latest, that rules of supervision look back at."""
    orders_count: int = 1_000
    """Emergency orders for a place on the days of one sale that a decision looks at."""
    queue_count: int = 1024
    group_count: int = 64
    """Commands that one transaction decides at most."""
    group_wait: timedelta = timedelta(milliseconds=1)
    """How long a group waits for company, where some is there already; who is alone never waits."""
    again_count: int = 5
    """How often a group that met another process is run again before it is given up."""
    again_wait: timedelta = timedelta(milliseconds=2)
    """How long it waits before it is run again; each time longer by as much."""
    aside_count: int = 256
    """Commands that may be put aside, as long as others hold what they stand on."""
    aside_wait: timedelta = timedelta(milliseconds=10)
    """How long they wait before they are tried again; each time twice as long."""
    aside_wait_most: timedelta = timedelta(milliseconds=160)
    aside_again_count: int = 100
    """How often a command that was put aside is tried again before it is given up: within some 15 seconds."""
    retry_ms: int = 200
    sweep_interval: timedelta = timedelta(seconds=5)
    sweep_count: int = 200
    chain_interval: timedelta = timedelta(milliseconds=500)
    chain_count: int = 1_000
    """Entries that one block of the chain covers at most."""
    variance_fen: int = 10_000
    """What one operator may pay of a sale that funds and accounts do not bear; above it takes two."""
    resolver_wait: timedelta = timedelta(seconds=10)
    """How long a credential service of the operator's may take over one credential."""
    authority_wait: timedelta = timedelta(seconds=30)
    """How long a remote authority may take over one call before its answer counts as not known."""
    answer_margin: timedelta = timedelta(milliseconds=700)
    """What is left of a caller's deadline for the answer, when it has waited for a remote authority."""
    errand_margin: timedelta = timedelta(seconds=10)
    """How long after a call must have ended others may take its errand up."""
    errand_pause: timedelta = timedelta(seconds=1)
    """The pause after an authority did not say what became of a sale; doubled each time."""
    errand_pause_most: timedelta = timedelta(minutes=5)
    errand_interval: timedelta = timedelta(seconds=1)
    """How often errands are looked for that are due."""
    errand_count: int = 64
    """Sales that one remote authority decides at once, quotes that one makes, and its errands."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the gateway is, as terminals learn it when they enrol."""

    audience: str
    root_public_key: bytes
    root_suite: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The tools of a decision: the same for all."""

    identity: Identity
    authority: Authority
    quotes: QuoteTokens
    receipts: Receipts
    read_public_key: ReadPublicKey
    rules: Rules = field(default_factory=Rules)
    orders: Orders = field(default_factory=Orders)
    remotes: Remotes = field(default_factory=Remotes)

    @property
    def eligibility(self) -> EligibilityTokens:
        """What makes and reads the tokens of checks: of one secret with those of quotes, in another form."""
        return EligibilityTokens(self.quotes.secret)

    @property
    def reviews(self) -> ReviewTokens:
        """What makes and reads the tokens by which reviews name who was there: of the same secret, too."""
        return ReviewTokens(self.quotes.secret)


class Decision(NamedTuple):
    """What to write, all of it or nothing, and what to answer once it is on disk."""

    answer: Answer
    moves: tuple[Move, ...] = ()


class Now(NamedTuple):
    """A decision's desk and its instant: the writer's clock, never before its last."""

    desk: Desk
    at: datetime
