"""What people write for the record: who they are, and why they do something."""

from typing import Final

import click

from medsettle_gateway.cli.usage import WrongValueError

_CHARS: Final = 200


def words(_context: click.Context, option: click.Parameter, text: str) -> str:
    """Returns the text of an option without blanks around it. Raises WrongValueError if it cannot be read."""
    text = text.strip()
    if not 1 <= len(text) <= _CHARS or not text.isprintable():
        zh, en = f"应为1至{_CHARS}个可见字符", f"must be 1 to {_CHARS} printable characters"
        raise WrongValueError(zh, en, param=option)
    return text
