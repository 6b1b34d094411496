"""What every command about sales does alike: opens the till, says who works it, shows a card."""

from dataclasses import replace
from typing import Final

from medsettle.checks import checked_operator
from medsettle.cli.counter import Counter, UsageError
from medsettle.config import TillConfig, read_config
from medsettle.hooks import Compared, HookEvent, Sent
from medsettle.models import SaleCard
from medsettle.receipt import render_card, yuan
from medsettle.tender import CashTender
from medsettle.till import Till
from medsettle.wire.calls import CALLS, Repeat

_MONEY_CALLS: Final = frozenset(call.method for call in CALLS if call.repeat is Repeat.SAME_ID)


def configured(counter: Counter) -> TillConfig:
    """Returns the till's configuration. Raises ConfigError."""
    return read_config(counter.arguments.config)


def manned(counter: Counter) -> TillConfig:
    """Returns the configuration with who works the till now. Raises UsageError, ConfigError, RequestError."""
    config = configured(counter)
    operator = counter.arguments.operator if counter.arguments.operator is not None else config.operator
    if not operator:
        raise UsageError(
            "请用 --operator 给出收银员,或写入 till.toml 的 operator。",
            "Say who works the till: --operator, or operator in till.toml.",
        )
    return replace(config, operator=checked_operator(operator))


def open_till(counter: Counter, config: TillConfig) -> Till:
    """Returns the till; the counter sees which sales money calls go out for."""
    told: list[tuple[str, str]] = []

    def see(event: HookEvent) -> None:
        if isinstance(event, Sent) and event.method in _MONEY_CALLS and event.request_id:
            counter.moved.append(event.request_id)
        if isinstance(event, Compared) and (text := _compared(event)) not in told:
            told.append(text)
            counter.complaints.show(text)

    return Till.open(config, hooks=[see])


def _compared(event: Compared) -> tuple[str, str]:
    """What the comparison with a restored gateway came to. It goes where it disturbs no answer."""
    counts_zh = f"出示 {event.shown} 笔,补录 {event.entered} 笔,更新 {event.moved} 笔"
    counts_en = f"sales shown {event.shown}, {event.entered} entered again, {event.moved} moved on"
    if event.left_to_operator or event.refused:
        counts_zh += f",交运营方处理 {event.left_to_operator} 笔,未采信 {event.refused} 笔"
        counts_en += f", {event.left_to_operator} left to the operator, {event.refused} not believed"
    zh, en = f"网关曾从备份恢复,已核对:{counts_zh}。", f"The gateway was restored, and compared: {counts_en}."
    if not event.compared:
        zh += "但本机的收银日志不够早(或本机是恢复后注册的),请联系运营方结束核对。"
        en += (
            " But this till's journal does not go back far enough, or the till was enrolled since: ask the "
            "operator to end the comparison."
        )
    return zh, en


def cash(counter: Counter) -> CashTender:
    """With ``--yes`` the cash part counts as collected, and never as given back: nobody was asked."""
    unasked = bool(getattr(counter.arguments, "yes", False))

    def take(amount_fen: int) -> bool:
        return unasked or counter.agrees(f"已收现金 is the cash in the till: {yuan(amount_fen)}?")

    def give_back(amount_fen: int) -> bool:
        return not unasked and counter.agrees(f"已退现金 was the cash given back: {yuan(amount_fen)}?")

    return CashTender(take, give_back)


def answer(counter: Counter, till: Till, card: SaleCard, *, paper: bool) -> None:
    """Gives a card, with its receipt if it is to be printed."""
    counter.answer(card, lambda: _show(counter, till, card, paper=paper))


def _show(counter: Counter, till: Till, card: SaleCard, *, paper: bool) -> None:
    counter.screen.card(card)
    if not paper:
        return
    text = render_card(
        card, institution_name=till.config.institution_name, language=counter.arguments.language,
        columns=counter.arguments.columns or till.config.columns,
    )
    counter.screen.show([text.rstrip("\n")])
