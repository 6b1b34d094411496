"""Supervision at the counter: what its rules need to know, what they find, and what stops a sale."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import NO_CARE
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.finding import AcceptedWarning, Finding, Verdict
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import RefusalRecord, SettlementRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.watching import NotMedical, RepeatedDrug, WatchRule
from medsettle_gateway.service.authority import Question
from medsettle_gateway.service.checked import Advisory
from medsettle_gateway.service.refused import RefusedOnRecord
from medsettle_gateway.service.watched import Look
from medsettle_gateway.supervision.drugs import bought_again_on
from medsettle_gateway.supervision.seen import Seen, SeenAccount, SeenLine, Watched
from medsettle_gateway.supervision.watch import found

_CODES_SHOWN_MOST: Final = 16


def findings(
    question: Question, split: Split, settlements: Sequence[SettlementRecord] = (), *, proxied: bool = False
) -> tuple[Finding, ...]:
    """Returns what the rules find in a sale that comes to this split, in the order of the rules.

    ``proxied``: somebody else is known to have come for the patient.
    """
    about = question.watched
    if about is None or not _concerned(about.rules, question.items):
        return ()
    benefits = {line.line_id: each.benefit for each in settlements for line in each.lines}
    balances = {account.account: account.balance_fen for account in question.payers}
    funds_fen = sum(share.amount_fen for share in split.funds)
    accounts = tuple(
        SeenAccount(part.account, part.amount_fen, balances.get(part.account, part.amount_fen))
        for part in split.accounts
    )
    return found(
        Seen(
            on=question.service_on,
            at=about.at,
            institution=question.institution.code,
            lines=tuple(
                _line(asked, item, benefits, question.service_on)
                for asked, item in zip(question.basket.lines, question.items, strict=True)
            ),
            is_now=question.service_on == day_of(about.at),
            is_stay=question.basket.admitted_on is not None,
            proxied=proxied,
            conditions=about.conditions,
            history=about.history,
            districts=about.districts,
            accounts=accounts,
            covered_fen=funds_fen + sum(account.paid_fen for account in accounts),
        ),
        about.rules,
    )


def _concerned(rules: Sequence[WatchRule], items: Sequence[CatalogueItem]) -> bool:
    """May any rule find something? Of most baskets it can be said without a look at each line."""
    for rule in rules:
        if not isinstance(rule, NotMedical):
            return True
    return any(item.kind in NO_CARE for item in items)


def on_visit(look: Look, about: Watched | None, items: Sequence[CatalogueItem] = ()) -> tuple[Finding, ...]:
    """Returns what the rules find before anything is bought; ``items`` are what the patient asks about."""
    if about is None:
        return ()
    visit = Seen(
        on=look.on,
        at=about.at,
        institution=look.institution,
        lines=tuple(SeenLine("", item.code, item.name, item.kind, 0, 0, look.on) for item in items),
        is_now=look.on == day_of(about.at),
        conditions=about.conditions,
        history=about.history,
        districts=about.districts,
    )
    return tuple(each._replace(line_ids=()) for each in found(visit, about.rules))


def next_on(about: Watched | None, item: CatalogueItem, on: date) -> date | None:
    """Returns the day from which a drug may be bought again without a warning; None if it may on ``on``."""
    if about is None:
        return None
    days = [
        bought_again_on(rule, about.history, item.code, on)
        for rule in about.rules
        if isinstance(rule, RepeatedDrug) and rule.verdict is not Verdict.REMIND
    ]
    return max((day for day in days if day is not None), default=None)


def advisory(finding: Finding) -> Advisory:
    """Returns a finding as advice for the counter."""
    code, verdict, zh, en, line_ids, clause = finding
    return Advisory(code, zh, en, verdict, line_ids, clause)


def check_findings(noted: Sequence[Finding], accepted: Iterable[AcceptedWarning]) -> None:
    """Raises RefusedOnRecord: SUPERVISION_BLOCKED; SUPERVISION_WARNING for what nobody has accepted.

    What was accepted and is not found does no harm. The refusal carries what stops the sale first, and then
    all else that was found.
    """
    blocking = [each for each in noted if each.verdict is Verdict.BLOCK]
    codes = {each.code for each in accepted}
    open_ = [each for each in noted if each.verdict is Verdict.WARN and each.code not in codes]
    stopping = blocking or open_
    if not stopping:
        return
    reason = Reason.SUPERVISION_BLOCKED if blocking else Reason.SUPERVISION_WARNING
    rest = (each for each in noted if each not in stopping)
    shown = ",".join(each.code for each in stopping[:_CODES_SHOWN_MOST])
    raise RefusedOnRecord(RefusalRecord(reason, {"warnings": shown}, findings=(*stopping, *rest)))


def accepted_of(noted: Iterable[Finding], accepted: Iterable[AcceptedWarning]) -> tuple[AcceptedWarning, ...]:
    """Returns the warnings that were found and accepted, each once, with the reason that was given first."""
    reasons: dict[str, AcceptedWarning] = {}
    for each in accepted:
        reasons.setdefault(each.code, each)
    return tuple(
        reasons[each.code] for each in noted if each.verdict is Verdict.WARN and each.code in reasons
    )


def _line(
    asked: AskedLine, item: CatalogueItem, benefits: Mapping[str, str], service_on: date
) -> SeenLine:
    return SeenLine(
        line_id=asked.line_id,
        item_code=item.code,
        name=item.name,
        kind=item.kind,
        amount_fen=asked.amount_fen,
        unit_price_micro=asked.unit_price_micro,
        on=asked.service_on or service_on,
        days_supply=asked.days_supply,
        condition=asked.condition,
        benefit=benefits.get(asked.line_id, asked.benefit),
        prescription=asked.prescription_id,
        guidance_micro=item.terms.price_most_micro,
        standard_micro=item.ceiling_micro,
    )
