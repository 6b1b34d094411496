"""``medsettle-gateway account``: what comes to accounts, and how an account ends."""

from datetime import date
from pathlib import Path

import click

from medsettle_gateway.cli.accruing import accrue
from medsettle_gateway.cli.acting import on_record
from medsettle_gateway.cli.crediting import CHECKED, credit_subsidy, stop, subsidies_of
from medsettle_gateway.cli.entering import check_option
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.cli.words import each_words, words
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.names import is_same_name
from medsettle_gateway.policy import subsidy as rules
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.storage.subsidies import ClosingRecord, Found, Rule


@click.group("account", short_help="个人账户的计入与注销 what comes to accounts, and their end")
def account() -> None:
    """Bring months and a year's subsidy to accounts, and close an account as its region's rules allow."""


account.add_command(accrue)
account.add_command(credit_subsidy)


@account.command("close", short_help="注销账户并结清余额 close an account and pay out what is left")
@click.argument("member_no")
@click.option("--cause", required=True, help="Why, as the policy pack names it: moved_away, deceased.")
@click.option("--paid-to", required=True, help="Who gets what is left, as the pack names it: self, heir.")
@click.option("--document", "documents", multiple=True, metavar="NAME[:NUMBER]", callback=each_words,
              help="A paper that was shown, as the pack names it; may be repeated.")
@click.option("--agent", is_flag=True, help="Somebody comes for who gets it, with the papers for that.")
@click.option("--by", "author", required=True, callback=words, help="Who does it.")
@click.option("--second", required=True, callback=words, help="Who checked it: another person.")
@check_option
@json_option
@config_option
def close(  # noqa: PLR0913 - one argument an option
    member_no: str, cause: str, paid_to: str, documents: tuple[str, ...], agent: bool, author: str,  # noqa: FBT001
    second: str, check: bool, as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Close the account of MEMBER_NO for good and pay out what is left of it; it takes two people.

    Only a cause that the policy pack names closes an account, and only with the papers that it asks for.
    There is no other way from an account to cash. A frozen account is not closed: whoever froze it had a
    reason, and ends that first.
    """
    if is_same_name(author, second):
        raise WrongValueError("须由另一个人复核", "must be another person", param_hint="--second")
    gateway = open_gateway(config_path)
    today = day_of(now())
    with gateway.writing(keep=not check) as connection:
        member = gateway.people(connection, "account close").member_of(member_no)
        subsidies = subsidies_of(gateway, connection)
        known = () if member is None else subsidies.find((member,), today)
        if not known:
            refuse("没有这个个人编号。", "No member has this number.")
        (found,) = known
        _check_may_close(found)
        pack = _pack_of(gateway, found, today)
        try:
            closing = rules.closing_of(pack, cause, paid_to, documents, agent=agent)
        except Refused as refused:
            stop(refused.refusal)
        rule = Rule(pack.id, pack.digest, closing.path, closing.clause)
        record = ClosingRecord(cause, paid_to, documents, on_record(author), second)
        paid_fen = subsidies.close(found, record, rule)
    if as_json:
        print_json({"closed": not check, "paid_to": paid_to, "paid_fen": paid_fen})
    else:
        amount = format_fen(paid_fen)
        click.echo(f"账户已注销,应付 {paid_to} {amount} 元。")
        click.echo(f"The account is closed; pay {amount} yuan to {paid_to}.")
        if check:
            click.echo(CHECKED)


def _pack_of(gateway: Gateway, found: Found, on: date) -> Pack:
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy
    from medsettle_gateway.service.rulebook import Rulebook  # noqa: PLC0415

    member = found.member
    try:
        return Rulebook(load_packs(gateway.config)).pack_of_scheme(member.region, member.scheme.value, on, on)
    except Refused as refused:
        stop(refused.refusal)


def _check_may_close(found: Found) -> None:
    if found.account is None:
        refuse("此人没有个人账户。", "This person has no account.")
    if found.frozen:
        refuse(
            "账户已冻结,不能注销;请先查明冻结原因并解除冻结(member import 的 account_state),再注销。",
            "The account is frozen and is not closed: find out why, end it (account_state of member import), "
            "then close it.",
        )
    if found.held_fen:
        amount = format_fen(found.held_fen)
        refuse(
            f"账户有 {amount} 元被一笔未完成的结算预占;请待其完成后再注销。",
            f"A sale that is not finished reserves {amount} yuan of the account: close it afterwards.",
        )
    if found.closed and not found.balance_fen:
        refuse("账户已经注销,余额为零。", "The account was closed before, and nothing is left of it.")
