"""Quote: what a sale would cost now. Nothing is reserved, nothing is written."""

from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.fingerprint import quoted_digest, split_digest
from medsettle_gateway.domain.keys import Facts, MaskedNameKey
from medsettle_gateway.service import binding
from medsettle_gateway.service.advice import advice_on, warned
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.commands import Caller, QuoteAnswer
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.question import Asking
from medsettle_gateway.service.quote_token import Quoted
from medsettle_gateway.service.replacing import Return, left_of
from medsettle_gateway.service.watching import advisory, findings


def answer(asking: Asking, facts: Facts, now: Now) -> QuoteAnswer:
    """Returns the quote, with the token that keeps its day over midnight. Raises Refused."""
    chosen = binding.choose(asking, facts, now)
    about, decided = chosen.about.question, chosen.decided
    noted = findings(about, decided.split, decided.settlements, proxied=asking.proxied)
    return _answer(asking, about, decided, noted, now)


def answer_return(back: Return, caller: Caller, facts: Facts, now: Now) -> QuoteAnswer:
    """Returns what would be left of a sale, and what would go back. Raises Refused."""
    left = left_of(back, caller, facts, now)
    member = left.sale.member or ""
    return QuoteAnswer(
        settlements=left.decided.settlements,
        split=left.decided.split,
        quote_token="",
        expires_at=now.at + now.desk.rules.quote,
        service_on=left.sale.service_on,
        masked_name=facts.of(MaskedNameKey(member)),
        advisories=warned(left.decided.settlements),
        difference=left.difference,
    )


def answer_remote(asking: Asking, about: Question, decided: Decided, now: Now) -> QuoteAnswer:
    """Returns the quote of what a remote authority would charge.

    Supervision looks at it as Settle will, which does not know yet how the authority divides it.
    """
    return _answer(asking, about, decided, findings(about, decided.split, proxied=asking.proxied), now)


def _answer(
    asking: Asking, about: Question, decided: Decided, noted: tuple[Finding, ...], now: Now
) -> QuoteAnswer:
    expires_at = now.at + now.desk.rules.quote
    token = now.desk.quotes.issue(
        Quoted(
            member=about.member.member,
            institution=asking.institution,
            service_on=about.service_on,
            basket_digest=quoted_digest(asking.basket),
            split_digest=split_digest(decided.split),
            expires_at=expires_at,
        )
    )
    # Of several settlements on one counter the last one says what is left.
    remainders = {left.key: left for settlement in decided.settlements for left in settlement.remainders}
    return QuoteAnswer(
        settlements=decided.settlements,
        split=decided.split,
        quote_token=token,
        expires_at=expires_at,
        service_on=about.service_on,
        masked_name=about.member.masked_name,
        advisories=(
            *map(advisory, noted),
            *warned(decided.settlements),
            *advice_on(remainders.values(), about.member.accounts, decided.lifted),
        ),
    )
