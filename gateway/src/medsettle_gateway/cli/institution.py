"""``medsettle-gateway institution``: designated institutions, and dated facts about them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click

from medsettle.wire.reasons import REASONS
from medsettle_gateway.cli.dated import days_options, kept_line, kept_plain, shown_days, text_typed
from medsettle_gateway.cli.days import day_typed, instant_typed
from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say, warn_without_pack
from medsettle_gateway.cli.frame import (
    config_option,
    field,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.policy_words import value_word
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts, State
from medsettle_gateway.domain.keys import InstitutionKey
from medsettle_gateway.domain.place import PlaceFact, Stopped
from medsettle_gateway.domain.records import Subject, known
from medsettle_gateway.domain.register import InstitutionRecord, RecordRow, Rows
from medsettle_gateway.eligibility.places import not_open, place_of
from medsettle_gateway.files.registers import INSTITUTIONS
from medsettle_gateway.files.work import PLACES
from medsettle_gateway.storage.connection import instant, snapshot
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.work import Kept, enter_places, kept_of

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NOBODY: Final = ("没有登记这家机构。", "No institution has this code.")
_NOT_YET: Final = ("那时还没有登记这家机构。", "The institution was not registered yet then.")
_STATES: Final = {State.ACTIVE: "正常 / active", State.SUSPENDED: "暂停 / suspended"}
_NAMES: Final = {
    "registered": ("登记", "registered"),
    "designation": ("定点资格", "designation"),
    "suspension": ("暂停", "suspension"),
    "exit": ("退出", "exit"),
    "card": ("刷卡条件", "takes cards"),
    "district": ("所在区县", "district"),
}


@click.group("institution", short_help="定点机构导入 enter designated institutions")
def institution() -> None:
    """Enter and show designated institutions, their contracts, suspensions and exits."""


@institution.command("import", short_help="导入定点机构 enter institutions from a file")
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_institutions(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter institutions from a CSV FILE, all of them or none.

    Columns: code, name, region, kind, level, specialty, designations (separated by semicolons, or none),
    state (active or suspended); and there may be from and withdrawn. None is ever removed.

    A row holds from the day `from` on, until the next row of the institution begins; without that day, since
    ever. Nothing is overwritten: a row that begins on the day of an earlier one takes its place, and with yes
    in `withdrawn` it says that there never was one of that day. Before its first row an institution has no
    designation. Of one that has rows with days, a file without the column `from` may only repeat what holds
    today.
    """
    gateway = open_gateway(config_path)
    regions: set[str] = set()
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, INSTITUTIONS, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            source, at = f"institution import {file.name}", instant(connection, now())
            rows = _noting(rows, regions)
            entered = {"institutions": enter_institutions(connection, rows, at, source)}
    say(entered, check=check, as_json=as_json)
    warn_without_pack(gateway.config, regions)


def _noting(rows: Rows[InstitutionRecord], regions: set[str]) -> Iterator[tuple[int, InstitutionRecord]]:
    for line, record in rows:
        regions.add(record.region)
        yield line, record


@institution.command("records", short_help="导入定点协议、暂停、退出等 enter dated facts about institutions")
@click.argument("kind", metavar="KIND", type=click.Choice([kind.value for kind in PLACES]))
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_records(kind: str, file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter dated facts of one KIND about institutions from a CSV FILE, all of them or none.

    Nothing is overwritten: a row of the same institution and key takes the place of the one before, which
    stays readable; with yes in the column withdrawn (which may be left out) it says that it never held. Days
    are included; an empty `to` means until further notice.

    \b
    designation: code, designation (basic, pooled_outpatient, chronic, haemodialysis, benefit_ward or
                 dual_channel), from, to, contract (its number)
    suspension:  code, from, to, cause
    exit:        code, from, to, cause
    card:        code, from, to                 the place can take cards
    district:    code, district (six digits), from, to

    As soon as one contract for a designation is known of an institution, the contracts alone say when it
    holds, and no longer the column `designations` of the register. A pharmacy is admitted to pooling with
    pooled_outpatient.
    """  # noqa: D301 - a backspace, by which click keeps lines
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, PLACES[PlaceFact(kind)], gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            source, at = f"institution records {kind} {file.name}", instant(connection, now())
            entered = {kind: enter_places(connection, rows, at, source)}
    say(entered, check=check, as_json=as_json)


@institution.command("suspend", short_help="暂停或退出 suspend an institution, or end its contract")
@click.argument("code")
@days_options
@click.option("--cause", callback=text_typed, required=True, help="Why; tills are told.")
@click.option("--by", "author", callback=text_typed, required=True, help="Who orders it.")
@click.option("--exit", "exits", is_flag=True, help="It leaves the scheme (退出), and is not only suspended.")
@click.option("--withdraw", is_flag=True, help="It never held: the one that begins on that day.")
@check_option
@json_option
@config_option
def suspend(code: str, config_path: Path, check: bool, as_json: bool, **said: Any) -> None:  # noqa: ANN401, FBT001
    """Stop settlement at the institution CODE from a day on, or say that it was never stopped."""
    kind = PlaceFact.EXIT if said["exits"] else PlaceFact.SUSPENSION
    first_on: date = said["first_on"]
    last_on: date | None = said["last_on"]
    if last_on is not None and last_on < first_on:
        refuse("--to 早于 --from。", "--to is before --from.")
    body = Stopped(said["cause"], said["author"])
    row = RecordRow(code, kind.value, first_on.isoformat(), first_on, last_on, body, said["withdraw"])
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json), gateway.writing(keep=not check) as connection:
        if load(connection, gateway.sealer, [key := InstitutionKey(code)]).of(key) is None:
            refuse(*_NOBODY)
        at = instant(connection, now())
        entered = {kind.value: enter_places(connection, [(1, row)], at, "institution suspend")}
    say(entered, check=check, as_json=as_json)


@institution.command("show", short_help="查看一家机构 what holds of an institution")
@click.argument("code")
@click.option("--on", "day", callback=day_typed, metavar="DATE", help="As of this day  [today].")
@click.option(
    "--known-at", callback=instant_typed, metavar="INSTANT",
    help="By what was known of the institution then, such as 2026-11-22T03:00:00+08:00  [now].",
)
@json_option
@config_option
def show(
    code: str, day: date | None, known_at: datetime | None, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Print what holds of the institution CODE on a day, and everything that was recorded of it.

    With --known-at what was recorded up to that instant, and what held by that.
    """
    gateway, on = open_gateway(config_path), day or day_of(now())
    with gateway.reading() as connection, snapshot(connection):
        registered = load(connection, gateway.sealer, [key := InstitutionKey(code)]).of(key)
        kept = kept_of(connection, Subject.INSTITUTION.named(code))
    if registered is None:
        refuse(*_NOBODY)
    then = [each for each in kept if known_at is None or each.record.entered_at <= known_at]
    if kept and not then:
        refuse(*_NOT_YET)
    records = known(each.record for each in then)
    shown = place_of(registered, records, on)
    stopped = not_open(code, records, on)
    if as_json:
        print_json(_plain(shown, on, then) | {"stopped": None if stopped is None else stopped.reason.value})
        return
    for line in _page(shown, on, then, stopped):
        click.echo(line)


def _page(
    shown: InstitutionFacts, on: date, kept: Sequence[Kept], stopped: Refusal | None
) -> Iterator[str]:
    yield click.style(f"{shown.code}  {shown.name}  {on}", bold=True)
    yield field("统筹区", "region", shown.region)
    facts = {"kind": shown.kind.value, "level": shown.level.value, "specialty": shown.specialty.value}
    worded = (f"{value_word(fact, value)} / {value}" for fact, value in facts.items())
    yield field("类别等级", "kind, level", "  ".join(worded))
    yield field("所在区县", "district", shown.district or "未登记 / not known")
    state = _STATES[shown.state]
    if stopped is not None:
        state = f"{REASONS[stopped.reason].zh} / {REASONS[stopped.reason].en}"
    yield field("状态", "state", state)
    held = (f"{value_word('designation', each)} / {each}" for each in shown.designations)
    yield field("定点资格", "designations", ", ".join(held) or "无 / none")
    for each in shown.lapsed:
        days = shown_days(each.first_on, each.last_on)
        yield field("不在协议期", "not in force", f"{each.designation.value}  {days}")
    for record in kept:
        yield f"  {kept_line(record, _NAMES.get(record.record.kind, (record.record.kind, '')))}"


def _plain(shown: InstitutionFacts, on: date, kept: Sequence[Kept]) -> dict[str, Any]:
    return {
        "code": shown.code,
        "name": shown.name,
        "on": on,
        "region": shown.region,
        "kind": shown.kind.value,
        "level": shown.level.value,
        "specialty": shown.specialty.value,
        "district": shown.district,
        "state": shown.state.value,
        "designations": [each.value for each in shown.designations],
        "takes_cards": shown.takes_cards,
        "records": [kept_plain(each) for each in kept],
    }
