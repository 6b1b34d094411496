"""``medsettle-gateway account credit-subsidy``: a year's subsidy for everybody who has one."""

import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, NoReturn

import click

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
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy import subsidy as rules
from medsettle_gateway.policy.accounts import Subsidy
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.subsidy import Holder
from medsettle_gateway.service.casework import patient
from medsettle_gateway.storage.connection import CommitUnknownError, Connection, DatabaseFailedError, instant
from medsettle_gateway.storage.subsidies import Found, Rule, Subsidies, insured_in

CHECKED: Final = "仅检查,未记账。Checked only, nothing was entered."
_BATCH: Final = 500
"""Members of one transaction: a gateway that serves beside it waits for one batch at most."""
_COUNTED: Final = (
    "credited_count", "credited_fen", "lapsed_count", "lapsed_fen", "same_count", "without_count",
)

Ruled = tuple[Pack, Subsidy]


@click.command("credit-subsidy", short_help="划入年度定额补助 credit a year's subsidy")
@click.option("--region", required=True, help="Pooling region code of six digits.")
@click.option("--year", required=True, type=int, help="The benefit year: this one or the one before.")
@click.option("--yes", is_flag=True, help="Enter without asking, after a look with --check.")
@check_option
@json_option
@config_option
def credit_subsidy(
    region: str, year: int, yes: bool, check: bool, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Credit the subsidy of a year to everyone in a region who has one, once.

    The policy pack says who has it, how much it is, and whether what is left of earlier years stays or
    lapses; other money of an account is never touched. No command takes a credit back: the sums are shown
    first, and entered once you agree. Doing it again credits nobody twice; what was interrupted goes on
    where it stopped.
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
            _agree(region, year, totals, yes=yes)
            totals = _entered(gateway, packs, on)
    except Refused as refused:
        stop(refused.refusal)
    if as_json:
        print_json({"year": year, "entered": not check, **{name: totals[name] for name in _COUNTED}})
        return
    click.echo(_told(year, totals))
    if check:
        click.echo(CHECKED)


def subsidies_of(gateway: Gateway, connection: Connection) -> Subsidies:
    """Returns the subsidy accounts inside a writing transaction, at an instant that the books allow."""
    return Subsidies(connection, gateway.sealer, instant(connection, now()), new_reference)


def stop(refusal: Refusal) -> NoReturn:
    """Ends the command with exit code 1 and what a refusal says."""
    for line in refusal_lines(refusal):
        click.echo(line, err=True)
    raise click.exceptions.Exit(1)


def _day_in(year: int, today: date) -> date:
    """The day whose facts and rules decide: today, or the last day of the year before."""
    if year == today.year:
        return today
    if year == today.year - 1:
        return date(year, 12, 31)
    if year == today.year + 1:
        refuse(
            f"{year} 年尚未开始:请在其第一天或之后划入。",
            f"The year {year} has not begun: credit it on its first day or later.",
        )
    years = f"{today.year - 1}, {today.year}"
    raise WrongValueError(f"应为 {years} 之一", f"must be one of {years}", param_hint="--year")


def _packs_with_subsidy(gateway: Gateway, region: str, on: date) -> Iterator[Ruled]:
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    packs = load_packs(gateway.config).in_region(region, on, day_of(now()))
    found = [(pack, subsidy) for pack in packs if (subsidy := rules.subsidy_of(pack)) is not None]
    if not found:
        refuse(
            f"统筹区 {region} 在 {on} 没有定额补助:其政策包中没有 accounts.subsidy。",
            f"Region {region} credits no subsidy on {on}: no policy pack of it has accounts.subsidy.",
        )
    yield from found


def _agree(region: str, year: int, totals: Counter[str], *, yes: bool) -> None:
    """Somebody has seen what is about to be entered; ends the command if not."""
    if yes or not (totals["credited_count"] or totals["lapsed_count"]):
        return
    if not _asks_somebody():
        refuse(
            "划入后不能撤回:请先用 --check 查看人数和金额,再加 --yes 执行。",
            "A credit cannot be taken back: look at the sums with --check first, then add --yes.",
        )
    click.echo(_told(year, totals), err=True)
    question = (
        f"为统筹区 {region} 记账,不能撤回? Enter this for region {region}? It cannot be taken back."
    )
    if not click.confirm(question, err=True):
        refuse("未记账。", "Nothing was entered.")


def _asks_somebody() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _told(year: int, totals: Counter[str]) -> str:
    credited, lapsed = format_fen(totals["credited_fen"]), format_fen(totals["lapsed_fen"])
    return (
        f"{year} 年: 划入 {totals['credited_count']} 人 credited {credited} 元 yuan,"
        f"失效 {totals['lapsed_count']} 人 lapsed {lapsed} 元 yuan,"
        f"此前已划入 {totals['same_count']} 人 before,不享受 {totals['without_count']} 人 without"
    )


def _credit(gateway: Gateway, packs: tuple[Ruled, ...], on: date, *, check: bool) -> Counter[str]:
    totals: Counter[str] = Counter()
    for pack, subsidy in packs:
        totals.update(_credit_all(gateway, (pack, subsidy), on, check=check))
    return totals


def _entered(gateway: Gateway, packs: tuple[Ruled, ...], on: date) -> Counter[str]:
    try:
        return _credit(gateway, packs, on, check=False)
    except (sqlite3.Error, DatabaseFailedError, CommitUnknownError) as error:
        refuse(
            f"未全部记账:数据库无法写入({error})。已划入的不变;请再执行一次,从中断处继续,不会重复划入。",
            f"Not all was entered: the database cannot be written ({error}). What was credited stays; run it "
            "again: it goes on where it stopped and credits nobody twice.",
        )


def _credit_all(gateway: Gateway, ruled: Ruled, on: date, *, check: bool) -> Counter[str]:
    """Batch by batch: each is entered before the next begins. Who was of another scheme is passed over."""
    totals: Counter[str] = Counter()
    pack, after = ruled[0], ""
    schemes = {each for benefit in pack.benefits for each in pack.schemes(benefit)}
    while True:
        with gateway.writing(keep=not check) as connection:
            subsidies = subsidies_of(gateway, connection)
            members = subsidies.members(pack.region, after, _BATCH)
            for found in subsidies.find(members, on):
                if found.person.region == pack.region and found.person.scheme.value in schemes:
                    totals.update(_credit_member(subsidies, ruled, found, on))
        if len(members) < _BATCH:
            return totals
        after = members[-1]


def _credit_member(subsidies: Subsidies, ruled: Ruled, found: Found, on: date) -> dict[str, int]:
    (pack, subsidy), year = ruled, str(on.year)
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
        patient=patient(found.person, on),
        insured=insured_in(found.person, on.year),
        closed=found.closed,
        balance_fen=found.balance_fen,
        unspent_fen=found.unspent_fen,
        credited="credit" in found.done,
        lapsed="lapse" in found.done,
        later=found.later,
    )
