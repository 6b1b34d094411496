"""What commands about dated facts share: their options, and the facts as they are shown."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

import click

from medsettle_gateway.cli.days import day_typed
from medsettle_gateway.cli.frame import shown_at
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.plain import from_raw
from medsettle_gateway.domain.records import SINCE_EVER
from medsettle_gateway.storage.work import Kept

F = TypeVar("F", bound=Callable[..., Any])

TEXT_MOST: Final = 200


def text_typed(_context: click.Context, option: click.Parameter, text: str) -> str:
    """Returns a text of an option as it may be kept. Raises WrongValueError."""
    if not text.strip() or len(text) > TEXT_MOST or not text.isprintable():
        raise WrongValueError(
            f"应为1至{TEXT_MOST}个可见字符", f"must be 1 to {TEXT_MOST} printable characters", param=option
        )
    return text


def days_options(command: F) -> F:
    """Adds ``--from`` and ``--to``, both included."""
    command = click.option(
        "--to", "last_on", callback=day_typed, metavar="DATE",
        help="The last day  [until further notice].",
    )(command)
    return click.option(
        "--from", "first_on", callback=day_typed, metavar="DATE", required=True, help="The first day."
    )(command)


def shown_days(first_on: date, last_on: date | None) -> str:
    """Returns days from the first to the last, both included."""
    if first_on == last_on:
        return first_on.isoformat()
    first = "自始 / since ever" if first_on == SINCE_EVER else first_on
    return f"{first} – {'至今 / no end' if last_on is None else last_on}"


def kept_line(kept: Kept, name: tuple[str, str]) -> str:
    """Returns one record as a line; ``name`` is what its kind is called, in Chinese and English."""
    record, source = kept
    body = from_raw(record.body)
    facts = "  ".join(f"{key}: {_shown(value)}" for key, value in body.items() if value not in (None, [], ""))
    withdrawn = "  (已撤回 / withdrawn)" if record.withdrawn else ""
    days = shown_days(record.valid_from, record.valid_to)
    return f"{shown_at(record.entered_at)}  {name[0]} {name[1]}  {days}{withdrawn}  {facts}  [{source}]"


def kept_plain(kept: Kept) -> dict[str, Any]:
    """Returns one record as JSON data; ``valid_from`` is null where it has held since ever."""
    record, source = kept
    return {
        "kind": record.kind,
        "key": record.key,
        "valid_from": None if record.valid_from == SINCE_EVER else record.valid_from,
        "valid_to": record.valid_to,
        "withdrawn": record.withdrawn,
        "entered_at": record.entered_at,
        "source": source,
        "body": from_raw(record.body),
    }


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
