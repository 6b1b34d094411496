"""What people write for the record: who they are, why they do something, and what they were shown."""

from typing import Final

import click

from medsettle_gateway.cli.usage import WrongValueError

_CHARS: Final = 200


def words(_context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """Returns the text of an option without blanks around it, None where it is not given.

    Raises WrongValueError if it cannot be read.
    """
    return None if text is None else _readable(option, text)


def each_words(_context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the same of an option that may be repeated."""
    return tuple(_readable(option, text) for text in texts)


def _readable(option: click.Parameter, text: str) -> str:
    if not text.strip() or len(text) > _CHARS or not text.isprintable():
        zh, en = f"应为1至{_CHARS}个可见字符", f"must be 1 to {_CHARS} printable characters"
        raise WrongValueError(zh, en, param=option)
    return text.strip()
