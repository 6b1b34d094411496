"""``medsettle-gateway staff``: those who prescribe and those who review, by their codes, without names."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.dated import days_options, kept_line, kept_plain, shown_days, text_typed
from medsettle_gateway.cli.days import day_typed
from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    field,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.cli.work_doubts import WorkDoubts
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.keys import InstitutionKey
from medsettle_gateway.domain.records import Subject, known
from medsettle_gateway.domain.register import RecordRow
from medsettle_gateway.domain.staff import (
    CREDIT,
    CreditRule,
    PointsDeducted,
    StaffFact,
    StaffFacts,
    StaffRole,
    StaffStopped,
    Stop,
)
from medsettle_gateway.eligibility.staff import points_lost, staff_of, stop_on, stops_of
from medsettle_gateway.files.cells import CellError
from medsettle_gateway.files.work import STAFF, STAFF_RECORDS, staff_code
from medsettle_gateway.storage.connection import Connection, instant, snapshot
from medsettle_gateway.storage.entering import Entered
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.work import Kept, enter_staff, enter_staff_records, kept_of

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_POINTS_MOST: Final = 100
_NAMES: Final = {
    "post": ("登记", "post"),
    "pool_filing": ("门诊统筹备案", "filed for the pool"),
    "suspension": ("暂停", "suspension"),
    "points": ("扣分", "points"),
}


def _code(_context: click.Context, argument: click.Parameter, text: str) -> str:
    try:
        return staff_code(text)
    except CellError as error:
        raise WrongValueError(error.zh, error.en, param=argument) from error


_code_argument = click.argument("code", callback=_code)
_author_option = click.option("--by", "author", callback=text_typed, required=True, help="Who orders it.")


@click.group("staff", short_help="医保医师、药师 prescribers and pharmacists")
def staff() -> None:
    """Enter and show those who prescribe and those who review, their points and suspensions."""


@staff.command("import", short_help="导入医保医师和药师 enter prescribers and pharmacists")
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_staff(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter prescribers and pharmacists from a CSV FILE, all of them or none.

    Columns: code, role (prescriber or pharmacist), licence_no, institutions (codes separated by semicolons;
    empty: any of the region), from, to and, not always, filed_from, filed_to (filed for the outpatient pool)
    and withdrawn (yes: it never held).

    Nothing is overwritten: a row of the same code, role and first day takes the place of the one before. Of
    the licence number the last four characters are kept, and nothing more. Institutions that are not in the
    register are entered and named as doubtful.
    """
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, STAFF, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            at = instant(connection, now())
            doubts = WorkDoubts()
            posts, filings = enter_staff(connection, doubts.noted(rows), at, f"staff import {file.name}")
            doubts.tell(connection)
    say({"posts": posts, "filings": filings}, check=check, as_json=as_json)


@staff.command("records", short_help="导入扣分和暂停 enter decisions about prescribers and pharmacists")
@click.argument("kind", metavar="KIND", type=click.Choice([kind.value for kind in STAFF_RECORDS]))
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_records(kind: str, file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter decisions of one KIND about prescribers and pharmacists from a CSV FILE, all of them or none.

    Nothing is overwritten: a row of the same code and key takes the place of the one before, which stays
    readable; with yes in the column withdrawn (which may be left out) it says that it never held.

    \b
    suspension: code, from, to, cause, author, cancelled (yes or no)
    points:     code, number (the decision's own), decided_on, points, reason, author
    """  # noqa: D301 - a backspace, by which click keeps lines
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, STAFF_RECORDS[StaffFact(kind)], gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            at, source = instant(connection, now()), f"staff records {kind} {file.name}"
            doubts = WorkDoubts()
            entered = {kind: enter_staff_records(connection, doubts.noted(rows), at, source)}
            doubts.tell(connection)
    say(entered, check=check, as_json=as_json)


@staff.command("points", short_help="扣分 deduct credit points")
@_code_argument
@click.option("--deduct", "points", type=click.IntRange(1, _POINTS_MOST), required=True, help="So many.")
@click.option("--number", callback=text_typed, required=True, help="The decision's own number.")
@click.option("--on", "day", callback=day_typed, metavar="DATE", help="The day of the decision  [today].")
@click.option("--reason", callback=text_typed, required=True, help="For what.")
@_author_option
@click.option("--withdraw", is_flag=True, help="The decision of that number does not stand any more.")
@check_option
@json_option
@config_option
def deduct(code: str, day: date | None, config_path: Path, check: bool, as_json: bool, **said: Any) -> None:  # noqa: ANN401, FBT001
    """Deduct credit points of the prescriber or pharmacist CODE, or take a deduction back.

    What that suspends follows from the sum of the year (篇5: 4, 6, 8 and 10 points suspend for 1, 3, 6
    and 12 months; a region's policy may say otherwise), and is shown by `staff show`. A CODE of whom no post
    is recorded is entered and named as doubtful.
    """
    on = day or day_of(now())
    body = PointsDeducted(said["points"], said["reason"], said["author"])
    row = RecordRow(code, StaffFact.POINTS.value, said["number"], on, on, body, said["withdraw"])
    _enter(row, "staff points", config_path, check=check, as_json=as_json)


@staff.command("suspend", short_help="暂停或取消资格 suspend somebody, or cancel the qualification")
@_code_argument
@days_options
@click.option("--cause", callback=text_typed, required=True, help="Why; tills are not told.")
@_author_option
@click.option("--cancelled", is_flag=True, help="The qualification is cancelled (取消), not suspended.")
@click.option("--withdraw", is_flag=True, help="It never held: the one that begins on that day.")
@check_option
@json_option
@config_option
def suspend(code: str, config_path: Path, check: bool, as_json: bool, **said: Any) -> None:  # noqa: ANN401, FBT001
    """Suspend the prescriber or pharmacist CODE: what they prescribe or review is not accepted.

    A CODE of whom no post is recorded is entered and named as doubtful.
    """
    first_on: date = said["first_on"]
    last_on: date | None = said["last_on"]
    if last_on is not None and last_on < first_on:
        refuse("--to 早于 --from。", "--to is before --from.")
    if last_on is not None and said["cancelled"]:
        refuse("取消资格没有截止日期,不能有 --to。", "What is cancelled has no last day: leave out --to.")
    body = StaffStopped(said["cause"], said["author"], said["cancelled"])
    kind, key = StaffFact.SUSPENSION.value, first_on.isoformat()
    row = RecordRow(code, kind, key, first_on, last_on, body, said["withdraw"])
    _enter(row, "staff suspend", config_path, check=check, as_json=as_json)


def _enter(row: RecordRow, source: str, config_path: Path, *, check: bool, as_json: bool) -> None:
    gateway = open_gateway(config_path)
    doubts = WorkDoubts()
    with listing_faults(as_json=as_json), gateway.writing(keep=not check) as connection:
        at, rows = instant(connection, now()), doubts.noted(iter([(1, row)]))
        entered: dict[str, Entered] = {row.kind: enter_staff_records(connection, rows, at, source)}
        doubts.tell(connection)
    say(entered, check=check, as_json=as_json)


@staff.command("show", short_help="查看一名医师或药师 what holds of a prescriber or pharmacist")
@_code_argument
@click.option("--on", "day", callback=day_typed, metavar="DATE", help="As of this day  [today].")
@json_option
@config_option
def show(code: str, day: date | None, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print what holds of CODE on a day: posts, filing, points, suspensions, and all that was ever recorded.

    Points count by the policy of the region of the first institution, if that says anything of them.
    """
    gateway, on = open_gateway(config_path), day or day_of(now())
    with gateway.reading() as connection, snapshot(connection):
        kept = kept_of(connection, Subject.STAFF.named(code))
        shown = staff_of(code, known(each.record for each in kept))
        rule = _rule(gateway, connection, shown, on)
    if not kept:
        refuse("没有登记这个代码。", "Nothing is recorded of this code.")
    stops = stops_of(shown, rule)
    if as_json:
        print_json(_plain(shown, on, (rule, stops)) | {"records": [kept_plain(each) for each in kept]})
        return
    _page(shown, on, (rule, stops), kept)


def _rule(gateway: Gateway, connection: Connection, shown: StaffFacts, on: date) -> CreditRule:
    """The points of the region of the first institution that is registered here; else the document's."""
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy
    from medsettle_gateway.service.rulebook import Rulebook  # noqa: PLC0415 - heavy

    keys = [InstitutionKey(code) for post in shown.posts for code in post.fact.institutions]
    places = [place for place in load(connection, gateway.sealer, keys).known().values() if place is not None]
    if not places:
        return CREDIT
    work = Rulebook(load_packs(gateway.config)).work(places[0].region, None, on, on)
    reviews = all(post.fact.role is StaffRole.PHARMACIST for post in shown.posts)
    return (work.pharmacist if reviews else work.prescriber).credit


def _plain(shown: StaffFacts, on: date, counted: tuple[CreditRule, tuple[Stop, ...]]) -> dict[str, Any]:
    rule, stops = counted
    lost = points_lost(shown, on.year)
    return {
        "code": shown.code,
        "on": on,
        "posts": [
            {
                "role": each.fact.role.value, "institutions": list(each.fact.institutions),
                "licence_end": each.fact.licence_end, "from": each.first_on, "to": each.last_on,
            }
            for each in shown.posts
        ],
        "pool_filed": any(each.holds(on) for each in shown.pool_filed),
        "points_lost": lost,
        "points_left": max(0, rule.points - lost),
        "suspended": stop_on(stops, on) is not None,
        "suspensions": [
            {
                "from": each.first_on, "to": each.last_on, "points": each.points,
                "cancelled": each.cancelled,
            }
            for each in stops
        ],
    }


def _page(
    shown: StaffFacts, on: date, counted: tuple[CreditRule, tuple[Stop, ...]], kept: list[Kept]
) -> None:
    rule, stops = counted
    click.echo(click.style(f"{shown.code}  {on}", bold=True))
    for post in shown.posts:
        where = ", ".join(post.fact.institutions) or "统筹区内 / anywhere in the region"
        licence = f"****{post.fact.licence_end}" if post.fact.licence_end else "-"
        days = shown_days(post.first_on, post.last_on)
        click.echo(field("登记", "post", f"{post.fact.role.value}  {licence}  {days}  {where}"))
    filed = [shown_days(each.first_on, each.last_on) for each in shown.pool_filed]
    click.echo(field("门诊统筹备案", "filed", ", ".join(filed) or "无 / none"))
    lost = points_lost(shown, on.year)
    left = f"{max(0, rule.points - lost)} ({rule.points} - {lost})"
    click.echo(field(f"{on.year}年记分", "points left", left))
    now_stopped = stop_on(stops, on)
    for stop in stops:
        decided = "取消 / cancelled" if stop.cancelled else "决定 / decided"
        why = f"{stop.points} 分 / points" if stop.points else decided
        mark = "  ← 当日 / on that day" if stop is now_stopped else ""
        click.echo(field("暂停", "suspended", f"{shown_days(stop.first_on, stop.last_on)}  {why}{mark}"))
    for each in kept:
        click.echo(f"  {kept_line(each, _NAMES.get(each.record.kind, (each.record.kind, '')))}")
