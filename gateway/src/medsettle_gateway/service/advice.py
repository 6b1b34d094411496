"""Advice before a sale (事前提醒): it refuses nothing and names nobody."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from medsettle.wire.called import begun
from medsettle.wire.reasons import REASONS
from medsettle_gateway.domain.basket import EmergencyOrder
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountFacts, AccountState
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.sale import SettlementRecord, WarningRecord
from medsettle_gateway.policy.limits import STAY_PERIOD
from medsettle_gateway.policy.sentences_benefit import LIFTED
from medsettle_gateway.service.checked import Advisory

_NEARLY: Final = 10
"""A cap is nearly reached when less than a tenth of it is left."""


def advice_on(
    remainders: Iterable[Remainder], accounts: Sequence[AccountFacts], lifted: Collection[CounterKey] = ()
) -> tuple[Advisory, ...]:
    """Returns what the cashier should know of the year's limits and of the accounts, each once.

    ``lifted`` are the counters whose caps an emergency order lifts: these do not bind.
    """
    bind = [left for left in remainders if left.key not in lifted]
    found = (*(each for left in bind for each in _on_limit(left)), *_on_accounts(accounts))
    return tuple(dict.fromkeys(found))


def on_orders(orders: Iterable[EmergencyOrder]) -> Iterator[Advisory]:
    """Yields what emergency orders lift here; one that only leaves out rules of supervision lifts nothing."""
    for order in orders:
        if order.waives:
            lifted = [LIFTED[waiver.value] for waiver in order.waives]
            zh, en = ";".join(zh for zh, _ in lifted), "; ".join(en for _, en in lifted)
            yield Advisory(
                "EMERGENCY_ORDER",
                f"应急措施“{order.id}”有效:{zh}。",
                f"Emergency order {order.id} holds: {en}.",
                clause=order.authority,
            )


def on_aid(why: Refusal | None) -> tuple[Advisory, ...]:
    """Returns why certificates of aid count for nothing: no fund for aid pays, and nothing is refused."""
    if why is None:
        return ()
    text = REASONS[why.reason]
    return (Advisory(why.reason.value, text.zh, text.en, clause=why.detail.get("clause", "")),)


def on_prescribers(titles: Sequence[tuple[str, str]]) -> tuple[Advisory, ...]:
    """Returns that the prescription must say who prescribed, for the benefits with these titles."""
    if not titles:
        return ()
    zh, en = "、".join(zh for zh, _ in titles), ", ".join(en for _, en in titles)
    return (Advisory(
        "PRESCRIBER_NEEDED",
        f"{zh}:处方须写明医师编码,否则不能结算。",
        f"{begun(en)}: the prescription must name the prescriber's code, or the sale is refused.",
    ),)


def warned(settlements: Iterable[SettlementRecord]) -> tuple[Advisory, ...]:
    """Returns the thresholds of the year that the settlements pass, in their order."""
    return tuple(_warning(each) for settlement in settlements for each in settlement.raised)


def _warning(raised: WarningRecord) -> Advisory:
    after, threshold = format_fen(raised.after_fen), format_fen(raised.threshold_fen)
    return Advisory(
        raised.id.upper(),
        f"{raised.title_zh}:本年度个人负担累计{after}元,预警线为{threshold}元。",
        f"{raised.title_en}: {after} yuan were borne this year; the warning stands at {threshold} yuan.",
    )


def _on_limit(left: Remainder) -> Iterator[Advisory]:
    if not left.limit_fen or left.left_fen is None:
        return
    amount = format_fen(left.left_fen)
    zh, en = left.title_zh, begun(left.title_en) or "The limit"
    of_stay = left.key.period.startswith(STAY_PERIOD)
    period_zh, period_en = ("本次住院", "cap of this stay") if of_stay else ("本年度", "annual cap")
    if left.key.measure == "deductible" and left.left_fen > 0:
        yield Advisory(
            "DEDUCTIBLE_LEFT",
            f"{zh}起付标准还差{amount}元。",
            f"{en}: {amount} yuan of the deductible are left.",
        )
    elif left.key.measure == "paid" and left.left_fen == 0:
        yield Advisory("CAP_REACHED", f"{zh}{period_zh}支付已达限额。", f"{en}: the {period_en} is reached.")
    elif left.key.measure == "paid" and left.left_fen * _NEARLY < left.limit_fen:
        yield Advisory(
            "CAP_NEARLY_REACHED",
            f"{zh}{period_zh}支付限额还剩{amount}元。",
            f"{en}: {amount} yuan are left below the {period_en}.",
        )


def _on_accounts(accounts: Sequence[AccountFacts]) -> Iterator[Advisory]:
    for account in accounts:
        if account.state is AccountState.FROZEN:
            yield Advisory(
                "ACCOUNT_FROZEN",
                f"账户{account.account}已冻结,不能支付。",
                f"Account {account.account} is frozen and may not pay.",
            )
