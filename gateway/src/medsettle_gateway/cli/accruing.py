"""``medsettle-gateway account accrue``: what months bring to accounts, from the list of contributions."""

import sqlite3
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from medsettle.wire.reasons import REASONS
from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults
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
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.register import AccrualRow, Fault
from medsettle_gateway.files.registers import ACCRUALS
from medsettle_gateway.policy.accrual import Way, way_of
from medsettle_gateway.service.casework import patient
from medsettle_gateway.service.person import person_on
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.storage.accruals import Accruals, Accrued, Earner
from medsettle_gateway.storage.batches import batches
from medsettle_gateway.storage.connection import CommitUnknownError, DatabaseFailedError
from medsettle_gateway.storage.entering import NotEnteredError, Tally
from medsettle_gateway.storage.subsidies import Rule

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Fault(NamedTuple):
    """Why a row brings nothing."""

    zh: str
    en: str


_UNKNOWN: Final = _Fault("member_no 没有这个个人编号", "member_no: no member has this number")
_CLOSED: Final = _Fault(
    "个人账户已经注销,不再计入;请从文件中去掉这一行",
    "the account was closed and is brought nothing: take the row out of the file",
)
_NOT_BEGUN: Final = _Fault("month 尚未开始", "month has not begun")
_NOT_INSURED: Final = _Fault("该月没有参保", "the person is not insured in this month")
_NEEDS_BASE: Final = _Fault(
    "base_yuan 应填写本人当月缴费基数", "base_yuan must be the own contribution base of the month"
)
_NO_BASE: Final = _Fault(
    "该人员按定额计入,base_yuan 应留空", "this person is brought a fixed amount: leave base_yuan empty"
)


class _Entered(NamedTuple):
    """What one row did: the rule, whether it corrects, and what it changed in fen."""

    rule: Rule
    corrects: bool
    changed_fen: int


@dataclass
class _Totals:
    """What a pass over the file came to.

    ``corrected_fen``: by member, what corrections in earlier batches came to that a look has not kept.
    """

    tally: Tally = field(default_factory=Tally)
    counted: Counter[str] = field(default_factory=Counter)
    by_rule: dict[Rule, Counter[str]] = field(default_factory=dict)
    corrected_fen: Counter[str] = field(default_factory=Counter)

    def add(self, done: _Entered) -> None:
        kind = "corrected" if done.corrects else "accrued"
        of_rule = self.by_rule.setdefault(done.rule, Counter())
        for counted in (self.counted, of_rule):
            counted[f"{kind}_count"] += 1
            counted[f"{kind}_fen"] += done.changed_fen


@click.command("accrue", short_help="按月计入个人账户 bring months to personal accounts")
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def accrue(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001 - as click does
    """Bring to accounts what the policy pack says of the contributions in a CSV FILE, once a month.

    Columns: member_no, month (2026-06), base_yuan (the own contribution base of the month; empty for whom the
    pack brings a fixed amount). What an employer pays has no column. Amounts are rounded half-up to the fen.
    Who was brought the month before is brought nothing again; a row that says another base corrects it by a
    further entry. Every row is looked at before any is entered.
    """
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        totals = _passed(gateway, file, check=True)
        totals.tally.entered()
    left: tuple[Fault, ...] = ()
    if not check:
        totals = _kept(gateway, file)
        left = _left(totals)
    if as_json:
        print_json(_as_plain(totals, left, check=check))
    else:
        for line in _page(totals, check=check):
            click.echo(line)
        _say_left(left)
    if left:
        raise click.exceptions.Exit(1)


def _left(totals: _Totals) -> tuple[Fault, ...]:
    """The rows that fitted when they were looked at and no longer did when they were entered."""
    try:
        totals.tally.entered()
    except NotEnteredError as error:
        return error.faults
    return ()


def _say_left(left: tuple[Fault, ...]) -> None:
    for line, zh, en, _ in left:
        click.echo(f"第{line}行: {zh}。 Line {line}: {en}.", err=True)
    if left:
        click.echo(f"账户在此期间有变动:以上 {len(left)} 行未记账,其余各行已经记账。", err=True)
        rows = "this row was" if len(left) == 1 else f"these {len(left)} rows were"
        click.echo(f"Accounts changed meanwhile: {rows} not entered, and all others were.", err=True)


def _kept(gateway: Gateway, file: Path) -> _Totals:
    try:
        return _passed(gateway, file, check=False)
    except (sqlite3.Error, DatabaseFailedError, CommitUnknownError) as error:
        refuse(
            f"未全部记账:数据库无法写入({error})。已计入的不变;请再执行一次,从中断处继续,不会重复计入。",
            f"Not all was entered: the database cannot be written ({error}). What was entered stays; run it "
            "again: it goes on where it stopped and enters nothing twice.",
        )


def _passed(gateway: Gateway, file: Path, *, check: bool) -> _Totals:
    """Batch by batch, each in a transaction of its own: a gateway that serves beside it waits for one."""
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    rules, totals = Rulebook(load_packs(gateway.config)), _Totals()
    rows = checked_rows(file, ACCRUALS, gateway.config.limits)
    for batch in batches(rows, lambda row: row[1].number):
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"account accrue {file.name}")
            accruals = Accruals(connection, people, new_reference)
            earners, facts = accruals.find([row.number for _, row in batch])
            for line, row in batch:
                _enter(accruals, rules, (line, row, earners.get(row.number), facts), totals)
            if not check:
                totals.corrected_fen.clear()  # the accounts have it
    return totals


def _enter(
    accruals: Accruals, rules: Rulebook, asked: tuple[int, AccrualRow, Earner | None, Facts], totals: _Totals
) -> None:
    line, row, earner, facts = asked
    fault = _UNKNOWN if earner is None else _CLOSED if earner.closed else None
    if earner is None or fault is not None:
        totals.tally.fault(line, *(fault or _UNKNOWN))
        return
    found = _accrued(rules, row, earner.member, facts, day_of(accruals.now))
    if isinstance(found, _Fault):
        totals.tally.fault(line, *found)
        return
    before, member = earner.brought.get(row.month), earner.member.member
    has_fen = earner.balance_fen + totals.corrected_fen[member]
    if before is None and not found.amount_fen:
        totals.counted["without_count"] += 1
    elif before is not None and before[1:] == (found.base_fen, found.amount_fen, found.rule.rule):
        totals.counted["same_count"] += 1
    elif before is not None and has_fen + found.amount_fen < before.amount_fen:
        totals.tally.fault(line, *_too_little(has_fen, before.amount_fen - found.amount_fen))
    else:
        changed_fen = accruals.enter(earner, found)
        if before is not None:
            totals.corrected_fen[member] += changed_fen
        totals.add(_Entered(found.rule, before is not None, changed_fen))


def _accrued(
    rules: Rulebook, row: AccrualRow, member: MemberFacts, facts: Facts, today: date
) -> Accrued | _Fault:
    """What the month comes to for a member, or why nothing can be said of it."""
    begins_on = date.fromisoformat(f"{row.month}-01")
    if begins_on > today:
        return _NOT_BEGUN
    person = person_on(facts, member, begins_on)
    last_on = begins_on.replace(day=monthrange(begins_on.year, begins_on.month)[1])
    if person.covered_from > last_on or (person.covered_to is not None and person.covered_to < begins_on):
        return _NOT_INSURED
    try:
        pack = rules.pack_of_scheme(person.region, person.scheme.value, begins_on, today)
        way = way_of(pack, patient(person, begins_on), begins_on)
    except Refused as refused:
        return _refused(refused)
    fault = _misfit(way, row)
    if fault is not None:
        return fault
    base_fen = row.base_fen if way.needs_base else None
    rule = Rule(pack.id, pack.digest, way.rule, way.clause)
    return Accrued(row.month, base_fen, way.amount_fen(base_fen or 0), rule)


def _misfit(way: Way, row: AccrualRow) -> _Fault | None:
    if way.needs_base:
        return _NEEDS_BASE if row.base_fen is None else None
    return _NO_BASE if way.pension_fen is not None and row.base_fen is not None else None


def _refused(refused: Refused) -> _Fault:
    text = REASONS[refused.reason]
    detail = ", ".join(f"{name}={value}" for name, value in refused.detail.items())
    return _Fault(f"{text.zh.rstrip('。')}({detail})", f"{text.en.rstrip('.')} ({detail})")


def _too_little(balance_fen: int, taken_fen: int) -> _Fault:
    balance, taken = format_fen(balance_fen), format_fen(taken_fen)
    return _Fault(
        f"更正须扣回 {taken} 元,而账户可用余额只有 {balance} 元;请待余额足够后再更正",
        f"the correction takes {taken} yuan back and the account has {balance}: correct it later",
    )


def _page(totals: _Totals, *, check: bool) -> Iterator[str]:
    counted = totals.counted
    yield (
        f"计入 accrued {counted['accrued_count']} 笔 {format_fen(counted['accrued_fen'])} 元 yuan,"
        f"更正 corrected {counted['corrected_count']} 笔 {_signed(counted['corrected_fen'])} 元 yuan,"
        f"此前已计入 {counted['same_count']} 笔 before,不计入 {counted['without_count']} 笔 without"
    )
    for rule, each in totals.by_rule.items():
        count = each["accrued_count"] + each["corrected_count"]
        fen = each["accrued_fen"] + each["corrected_fen"]
        yield f"  {rule.pack} {rule.rule}〔{rule.clause}〕: {count} 笔 {_signed(fen)} 元 yuan"
    yield "  按分四舍五入 rounded half-up to the fen"
    if check:
        yield "仅检查,未记账。Checked only, nothing was entered."


def _signed(amount_fen: int) -> str:
    return f"-{format_fen(-amount_fen)}" if amount_fen < 0 else format_fen(amount_fen)


def _as_plain(totals: _Totals, left: tuple[Fault, ...], *, check: bool) -> Mapping[str, Any]:
    names = (
        "accrued_count", "accrued_fen", "corrected_count", "corrected_fen", "same_count", "without_count",
    )
    return {
        "entered": not check,
        "on": day_of(now()),
        "rounding": "half_up",
        **{name: totals.counted[name] for name in names},
        "rules": [
            {
                "pack": rule.pack, "rule": rule.rule, "clause": rule.clause,
                "count": each["accrued_count"] + each["corrected_count"],
                "amount_fen": each["accrued_fen"] + each["corrected_fen"],
            }
            for rule, each in totals.by_rule.items()
        ],
        "faults": [fault._asdict() for fault in left],
    }
