"""Clear text on an operator's screen: asked for by name and with a reason, recorded, and only then shown."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import click

from medsettle_gateway.cli.acting import on_record
from medsettle_gateway.cli.frame import Gateway, now, refuse
from medsettle_gateway.cli.usage import WrongUsageError
from medsettle_gateway.cli.words import words
from medsettle_gateway.storage.connection import instant
from medsettle_gateway.storage.identities import Access, identity_of, record_access

F = TypeVar("F", bound=Callable[..., Any])

CLEAR: Final = {"name": "姓名", "id_number": "身份证号", "social_card_no": "社保卡号", "phone": "电话"}
"""What is shown of a member in clear text, as it is called in Chinese."""


class Wanted(NamedTuple):
    """Who wants to see clear text, and why."""

    author: str
    reason: str


def clear_options(command: F) -> F:
    """Adds ``--clear``, ``--by`` and ``--reason``."""
    for option in (
        click.option("--reason", callback=words, help="With --clear: why, for the record."),
        click.option("--by", "author", callback=words, help="With --clear: who looks at it."),
        click.option("--clear", is_flag=True, help="Show names and numbers whole, and record who saw them."),
    ):
        command = option(command)
    return command


def wanted(author: str | None, reason: str | None, *, clear: bool) -> Wanted | None:
    """Returns who wants to see clear text; None: nobody. Raises WrongUsageError where it is not said why."""
    if not clear:
        if author or reason:
            raise WrongUsageError(
                "--by 和 --reason 只与 --clear 一起使用", "--by and --reason go with --clear"
            )
        return None
    if not author or not reason:
        raise WrongUsageError(
            "查看明文须用 --by 写明查看人,用 --reason 写明理由",
            "say with --by who looks at clear text, and with --reason why",
        )
    return Wanted(author, reason)


def recorded_access(gateway: Gateway, who: Wanted, subject: str, shown: tuple[str, ...]) -> None:
    """Records that somebody sees the clear text of a subject, and returns once that is on disk."""
    with gateway.writing() as connection:
        at = instant(connection, now())
        record_access(connection, Access(subject, shown, on_record(who.author), who.reason, at))


def clear_text_of(gateway: Gateway, who: Wanted, member: str) -> dict[str, str]:
    """Returns name and numbers of a member, once it is recorded that they are seen."""
    with gateway.reading() as connection:
        identity = identity_of(connection, gateway.sealer, member)
    if identity is None:
        refuse("没有这位参保人的身份信息。", "Nothing is recorded of who this member is.")
    whole = {
        "name": identity.name, "id_number": identity.id_number, "social_card_no": identity.social_card_no,
        "phone": identity.phone,
    }
    recorded_access(gateway, who, f"member/{member}", tuple(whole))
    return whole
