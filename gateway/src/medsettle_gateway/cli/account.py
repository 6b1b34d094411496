"""``medsettle-gateway account``: accounts that a region credits each year (门诊定额补助)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, NoReturn

import click

from medsettle.wire.reasons import Reason
from medsettle_gateway.cli.entering import check_option
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    new_reference,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.policy_refusal import refusal_lines
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy import subsidy as rules
from medsettle_gateway.policy.accounts import Subsidy
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.subsidy import Holder
from medsettle_gateway.service.casework import patient
from medsettle_gateway.storage.instants import last_committed_at
from medsettle_gateway.storage.loading import Reading
from medsettle_gateway.storage.subsidies import ClosingRecord, Found, Rule, Subsidies, insured_in

_BATCH: Final = 500
"""Members of one transaction: a gateway that serves beside it waits for one batch at most."""
_CHARS: Final = 200
_CHECKED: Final = "仅检查,未记账。Checked only, nothing was entered."
_COUNTED: Final = (
    "credited_count", "credited_fen", "lapsed_count", "lapsed_fen", "same_count", "without_count",
)
_YEARS: Final = click.IntRange(2000, 2200)


@click.group("account", short_help="定额补助账户 accounts that a region credits")
def account() -> None:
    """Credit a year's subsidy to the accounts of a region, and close an account as its rules allow."""


@account.command("credit-subsidy", short_help="划入年度定额补助 credit a year's subsidy")
@click.option("--region", required=True, help="Pooling region code of six digits.")
@click.option("--year", required=True, type=_YEARS, help="The benefit year.")
@check_option
@json_option
@config_option
def credit_subsidy(region: str, year: int, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Credit the subsidy of a year to everyone in a region who has one, once.

    The policy pack says who has it, how much it is, and whether what is left of earlier years stays or
    lapses. Doing it again credits nobody twice; what was interrupted goes on where it stopped.
    """
    gateway = open_gateway(config_path)
    on = _day_in(year, day_of(now()))
    packs = tuple(_packs_with_subsidy(gateway, region, on))
    if year < day_of(now()).year and not all(subsidy.carries_over for _, subsidy in packs):
        refuse(
            f"{year} 年已经结束,且余额不结转:划入的金额随即失效。",
            f"The year {year} is over and nothing carries over: what is credited now would lapse at once.",
        )
    try:
        # All are looked at before anything is entered: a figure that is missing for one stops it for all.
        totals = _credit(gateway, packs, on, check=True)
        if not check:
            totals = _credit(gateway, packs, on, check=False)
    except Refused as refused:
        _stop(refused.refusal)
    counted = {name: totals[name] for name in _COUNTED}
    if as_json:
        print_json({"year": year, "entered": not check, **counted})
        return
    credited, lapsed = format_fen(counted["credited_fen"]), format_fen(counted["lapsed_fen"])
    click.echo(
        f"{year} 年: 划入 {counted['credited_count']} 人 credited {credited} 元 yuan,"
        f"失效 {counted['lapsed_count']} 人 lapsed {lapsed} 元 yuan,"
        f"此前已划入 {counted['same_count']} 人 before,不享受 {counted['without_count']} 人 without"
    )
    if check:
        click.echo(_CHECKED)


@account.command("close", short_help="注销账户并结清余额 close an account and pay out what is left")
@click.argument("member_no")
@click.option("--cause", required=True, help="Why, as the policy pack names it: moved_away, deceased.")
@click.option("--paid-to", required=True, help="Who gets what is left, as the pack names it: self, heir.")
@click.option("--document", "documents", multiple=True, metavar="NAME[:NUMBER]",
              help="A paper that was shown, as the pack names it; may be repeated.")
@click.option("--author", required=True, help="Who does it.")
@check_option
@json_option
@config_option
def close(  # noqa: PLR0913 - one argument an option
    member_no: str, cause: str, paid_to: str, documents: tuple[str, ...], author: str,
    check: bool, as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Close the account of MEMBER_NO for good and pay out what is left of it.

    Only a cause that the policy pack names closes an account, and only with the papers that it asks for.
    There is no other way from an account to cash.
    """
    for text in (author, *documents):
        if not 1 <= len(text) <= _CHARS or not text.isprintable():
            zh, en = f"应为1至{_CHARS}个可见字符", f"must be 1 to {_CHARS} printable characters"
            raise click.BadParameter(f"{zh}, {en}", param_hint="--author, --document")
    gateway = open_gateway(config_path)
    today = day_of(now())
    with gateway.writing(keep=not check) as connection:
        member = gateway.people(connection, "account close").member_of(member_no)
        subsidies = _subsidies(Reading(connection, gateway.sealer))
        found = None if member is None else subsidies.find(member, str(today.year))
        if found is None:
            refuse("没有这个个人编号。", "No member has this number.")
        _check_may_close(found)
        pack = _pack_of(gateway, found, today)
        try:
            closing = rules.closing_of(pack, cause, paid_to, documents)
        except Refused as refused:
            _stop(refused.refusal)
        rule = Rule(pack.id, pack.digest, closing.path, closing.clause)
        paid_fen = subsidies.close(found, ClosingRecord(cause, paid_to, documents, author), rule)
    if as_json:
        print_json({"closed": not check, "paid_to": paid_to, "paid_fen": paid_fen})
    else:
        amount = format_fen(paid_fen)
        click.echo(f"账户已注销,应付 {paid_to} {amount} 元。")
        click.echo(f"The account is closed; pay {amount} yuan to {paid_to}.")
        if check:
            click.echo(_CHECKED)


def _credit(
    gateway: Gateway, packs: tuple[tuple[Pack, Subsidy], ...], on: date, *, check: bool
) -> Counter[str]:
    totals: Counter[str] = Counter()
    for pack, subsidy in packs:
        for scheme in dict.fromkeys(each for benefit in pack.benefits for each in pack.schemes(benefit)):
            totals.update(_credit_scheme(gateway, (pack, subsidy), scheme, on, check=check))
    return totals


def _credit_scheme(
    gateway: Gateway, ruled: tuple[Pack, Subsidy], scheme: str, on: date, *, check: bool
) -> Counter[str]:
    """Batch by batch: each is entered before the next one begins."""
    totals: Counter[str] = Counter()
    pack, after = ruled[0], ""
    while True:
        with gateway.writing(keep=not check) as connection:
            subsidies = _subsidies(Reading(connection, gateway.sealer))
            members = subsidies.members(pack.region, scheme, after, _BATCH)
            for member in members:
                totals.update(_credit_member(subsidies, ruled, member, on))
        if len(members) < _BATCH:
            return totals
        after = members[-1]


def _credit_member(
    subsidies: Subsidies, ruled: tuple[Pack, Subsidy], member: str, on: date
) -> dict[str, int]:
    (pack, subsidy), year = ruled, str(on.year)
    found = subsidies.find(member, year)
    if found is None:
        return {}
    brings = rules.year_of(pack, subsidy, _holder(found, on), on)
    counted: dict[str, int] = {}
    if brings.lapse_fen:
        rule = Rule(pack.id, pack.digest, subsidy.path, subsidy.carries_over_clause)
        subsidies.lapse(found, year, brings.lapse_fen, rule)
        counted |= {"lapsed_count": 1, "lapsed_fen": brings.lapse_fen}
    if brings.credit is None:
        return {**counted, "same_count" if "credit" in found.done else "without_count": 1}
    amount_fen, path, clause = brings.credit
    subsidies.credit(found, year, amount_fen, Rule(pack.id, pack.digest, path, clause))
    return {**counted, "credited_count": 1, "credited_fen": amount_fen}


def _holder(found: Found, on: date) -> Holder:
    return Holder(
        patient=patient(found.member, on),
        insured=insured_in(found.member, on.year),
        closed=found.closed,
        balance_fen=found.balance_fen,
        credited="credit" in found.done,
        lapsed="lapse" in found.done,
        later=found.later,
    )


def _day_in(year: int, today: date) -> date:
    """The day whose facts and rules decide: today, or the nearest day of another year."""
    if year == today.year:
        return today
    return date(year, 12, 31) if year < today.year else date(year, 1, 1)


def _packs_with_subsidy(gateway: Gateway, region: str, on: date) -> Iterator[tuple[Pack, Subsidy]]:
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    packs = load_packs(gateway.config).in_region(region, on, day_of(now()))
    found = [(pack, subsidy) for pack in packs if (subsidy := rules.subsidy_of(pack)) is not None]
    if not found:
        _stop(Refusal(Reason.NO_RULE, {"region": region, "date": on.isoformat(), "path": "accounts.subsidy"}))
    yield from found


def _pack_of(gateway: Gateway, found: Found, on: date) -> Pack:
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy
    from medsettle_gateway.service.rulebook import Rulebook  # noqa: PLC0415

    member = found.member
    try:
        return Rulebook(load_packs(gateway.config)).pack_of_scheme(member.region, member.scheme.value, on, on)
    except Refused as refused:
        _stop(refused.refusal)


def _check_may_close(found: Found) -> None:
    if found.account is None:
        refuse("此人没有个人账户。", "This person has no account.")
    if found.held_fen:
        amount = format_fen(found.held_fen)
        refuse(
            f"账户有 {amount} 元被一笔未完成的结算预占;请待其完成后再注销。",
            f"A sale that is not finished reserves {amount} yuan of the account: close it afterwards.",
        )
    if found.closed and not found.balance_fen:
        refuse("账户已经注销,余额为零。", "The account was closed before, and nothing is left of it.")


def _subsidies(reading: Reading) -> Subsidies:
    at = max(now(), last_committed_at(reading.connection) or now())
    return Subsidies(reading, at, new_reference)


def _stop(refusal: Refusal) -> NoReturn:
    for line in refusal_lines(refusal):
        click.echo(line, err=True)
    raise click.exceptions.Exit(1)


