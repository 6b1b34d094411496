"""The postings of each transition, built from what a sale books."""

from collections.abc import Callable, Iterator

from medsettle_gateway.domain.entry import Posting
from medsettle_gateway.domain.sale import Effect
from medsettle_gateway.ledger import books

Postings = tuple[Posting, ...]
_Side = Callable[[str], str]


def settled(effect: Effect, institution: str) -> Postings:
    """Returns what settling books: each fund, each account, cash and provider-borne."""
    return (
        *_funds(effect, institution),
        *_accounts(effect, books.member, lambda _: books.payable(institution)),
        *_memo(effect, institution),
    )


def held(effect: Effect, institution: str) -> Postings:  # noqa: ARG001 - every transition is called alike
    """Returns what a hold books: accounts from available to reserved; nothing of those kept elsewhere."""
    return () if effect.upstream else tuple(_accounts(effect, books.member, books.held))


def confirmed(effect: Effect, institution: str) -> Postings:
    """Returns what confirming a hold books: the reserve of each account, and all the rest."""
    return (
        *_funds(effect, institution),
        *_accounts(effect, books.held, lambda _: books.payable(institution)),
        *_memo(effect, institution),
    )


def freed(effect: Effect, institution: str) -> Postings:
    """Returns what ends a hold: the same as the hold, with the other sign."""
    return _negated(held(effect, institution))


def returned(effect: Effect, institution: str) -> Postings:
    """Returns what a reversal books: the same as settling, with the other sign."""
    return _negated(settled(effect, institution))


def opened(account: str, region: str, scheme: str, amount_fen: int) -> Postings:
    """Returns what brings an account into the books with a balance; nothing for 0 fen."""
    return tuple(_pair(books.accounts_book(region, scheme), books.OPENING, books.member(account), amount_fen))


def with_region(account: str, region: str, scheme: str, other: str, amount_fen: int) -> Postings:
    """Returns what a region does with an account: adds to it, or takes from it what is negative."""
    return tuple(_pair(books.accounts_book(region, scheme), other, books.member(account), amount_fen))


def _funds(effect: Effect, institution: str) -> Iterator[Posting]:
    for fund, amount_fen in effect.funds:
        book, varied_fen = books.fund_book(effect.region, effect.scheme, fund), effect.varied_fen(fund)
        yield from _pair(book, books.BENEFIT, books.payable(institution), amount_fen - varied_fen)
        yield from _pair(book, books.VARIANCE, books.payable(institution), varied_fen)


def _accounts(effect: Effect, source: _Side, target: _Side) -> Iterator[Posting]:
    for booking in effect.accounts:
        book = books.accounts_book(booking.region, booking.scheme)
        paying = books.upstream if effect.upstream else source
        has_fen = booking.amount_fen - booking.variance_fen
        yield from _pair(book, paying(booking.account), target(booking.account), has_fen)
        yield from _pair(book, books.VARIANCE, target(booking.account), booking.variance_fen)


def _memo(effect: Effect, institution: str) -> Iterator[Posting]:
    book, charged = books.memo_book(institution), books.charged(institution)
    yield from _pair(book, books.cash(institution), charged, effect.cash_fen)
    yield from _pair(book, books.provider(institution), charged, effect.provider_borne_fen)


def _pair(book: str, plus: str, minus: str, amount_fen: int) -> Iterator[Posting]:
    if amount_fen:
        yield Posting(book, plus, amount_fen)
        yield Posting(book, minus, -amount_fen)


def _negated(postings: Postings) -> Postings:
    return tuple(posting._replace(amount_fen=-posting.amount_fen) for posting in postings)
