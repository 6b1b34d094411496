"""What every command about sales does alike: opens the till, says who works it, shows a card."""

from dataclasses import replace
from typing import Final

from medsettle.checks import checked_operator
from medsettle.cli.counter import Counter, UsageError
from medsettle.config import TillConfig, read_config
from medsettle.hooks import HookEvent, Sent
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
            "请用 --operator 给出收银员,或写入 till.toml 的 operator。 "
            "Say who works the till: --operator, or operator in till.toml."
        )
    return replace(config, operator=checked_operator(operator))


def open_till(counter: Counter, config: TillConfig) -> Till:
    """Returns the till; the counter sees which sales money calls go out for."""

    def see(event: HookEvent) -> None:
        if isinstance(event, Sent) and event.method in _MONEY_CALLS and event.request_id:
            counter.moved.append(event.request_id)

    return Till.open(config, hooks=[see])


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
