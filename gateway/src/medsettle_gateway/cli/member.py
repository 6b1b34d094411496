"""``medsettle-gateway member``: insured persons, their accounts, families and years."""

from datetime import date, datetime
from pathlib import Path

import click

from medsettle_gateway.cli.asked_facts import AskedFacts
from medsettle_gateway.cli.clear_text import CLEAR, clear_options, clear_text_of, wanted
from medsettle_gateway.cli.days import day_typed, instant_typed
from medsettle_gateway.cli.entering import (
    Gathered,
    check_option,
    checked_rows,
    listing_faults,
    say,
    warn_without_pack,
)
from medsettle_gateway.cli.frame import (
    config_option,
    field,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.member_doubts import Doubts, tell_doubtful
from medsettle_gateway.cli.member_filings import enter_member_filings
from medsettle_gateway.cli.member_records import enter_member_records, show_history
from medsettle_gateway.cli.member_sales import list_sales
from medsettle_gateway.cli.member_shown import member_on, shown_as_plain, shown_page
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files.registers import ATTRIBUTES, FAMILIES, MEMBERS, YEARS
from medsettle_gateway.storage.attributes import enter_attributes
from medsettle_gateway.storage.entering import Entered, NotEnteredError
from medsettle_gateway.storage.families import end_binding, enter_families

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("member", short_help="参保人导入 enter insured persons")
def member() -> None:
    """Enter and show insured persons, who may pay for whom, and what an older system had counted."""


member.add_command(enter_member_filings)
member.add_command(enter_member_records)
member.add_command(list_sales)
member.add_command(show_history)


@member.command("import", short_help="导入参保人和家庭共济 enter members and their families")
@click.argument("file", type=_FILE)
@click.option("--families", type=_FILE, help="Who may pay for whom, entered with the members or not at all.")
@click.option("--strict", is_flag=True, help="Enter nothing where a row is doubtful.")
@check_option
@json_option
@config_option
def import_members(
    file: Path, families: Path | None, strict: bool, check: bool, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Enter members from a CSV FILE, all of them or none.

    Columns: member_no, name, id_number, region, scheme, standing, enrolment, aid, conditions, covered_from,
    covered_to, account_yuan (empty: no account), account_state, and, not always, born_on (empty: as the
    identity number says), social_card_no and phone: without such a column what is known stays. A known
    member_no is changed, never doubled; account_yuan opens an account and never changes one.

    What the register said before stays readable (`member history`), and decides the days before covered_from:
    a row that begins later ends the one before it on the eve. Once periods of cover are recorded of somebody
    (`member records cover`), a row that changes must be like one of them. Nobody holds two schemes on a day,
    under whatever numbers.

    Columns of the families: member_no, payer_member_no, relation, and, not always, from (empty: today), to
    (the last day), year_limit_yuan (what the member may use in a year), consented_on (since when the payer
    agrees once and for all; empty: each use needs consent at the counter). Nothing is overwritten: a row
    changes a binding by a further record, and what has no column stays as it is.

    A condition that nothing knows, a born_on that the identity number contradicts, and a person whom another
    number covers on the same day are doubtful: they are entered and named, with --strict they are faults.
    """
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    gateway = open_gateway(config_path)
    limits = gateway.config.limits
    entered: dict[str, Entered] = {}
    with listing_faults(as_json=as_json):
        faults = Gathered()
        rows = faults.rows(file, MEMBERS, limits)
        readable = not faults
        ties = None if families is None else faults.rows(families, FAMILIES, limits)
        if not readable:
            faults.stop()
        doubts = Doubts(load_packs(gateway.config))
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"member import {file.name}")
            with faults.of(file):
                entered["members"] = people.enter_members(doubts.noted(rows), doubts.found.append)
            if families is not None and ties is not None:
                with faults.of(families):
                    entered["families"] = enter_families(people, ties)
            faults.stop()
            if strict and doubts.found:
                raise NotEnteredError(tuple(doubts.found))
    say(entered, check=check, as_json=as_json)
    tell_doubtful(doubts.found)
    warn_without_pack(gateway.config, doubts.regions)


@member.command("import-year", short_help="导入旧系统的本年累计 enter what an older system had counted")
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_year(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter what an older system had counted this year, from a CSV FILE, all of it or nothing.

    Columns: member_no, year, counter, measure (deductible, paid, borne or banded), amount_yuan. Each sum is
    entered once.
    """
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, YEARS, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"member import-year {file.name}")
            entered = {"years": people.enter_years(rows)}
    say(entered, check=check, as_json=as_json)


@member.command("attributes", short_help="导入本地属性 enter the region's own facts about members")
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def import_attributes(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter the region's own facts about members from a CSV FILE, all of them or none.

    A value that the policy of the region does not know is a fault; a name that it does not ask for is
    entered and named.

    Columns: member_no, name, value, from, to (the last day; empty: until further notice). Nothing is
    overwritten: of the rows of a member and name that hold on a day the one that began last decides, and a
    row that begins on the day of an earlier one replaces it.
    """
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    gateway = open_gateway(config_path)
    asked = AskedFacts(load_packs(gateway.config))
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, ATTRIBUTES, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"member attributes {file.name}")
            entered = {"attributes": enter_attributes(people, rows, asked.misfit)}
    say(entered, check=check, as_json=as_json)
    asked.warn()


@member.command("show", short_help="查看一名参保人 what holds of a member")
@click.argument("member_no")
@click.option("--on", "day", callback=day_typed, metavar="DATE", help="As of this day  [today].")
@click.option(
    "--known-at", callback=instant_typed, metavar="INSTANT",
    help="By what was known of the person then, such as 2026-11-22T03:00:00+08:00  [now].",
)
@clear_options
@json_option
@config_option
def show(  # noqa: PLR0913 - one argument an option
    member_no: str, day: date | None, known_at: datetime | None, clear: bool,  # noqa: FBT001
    author: str | None, reason: str | None, as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Print what holds of MEMBER_NO on a day: cover, standing, aid, the region's own facts, accounts.

    And whether benefits may be had at all on that day, what was counted in its year, and the drugs of the 90
    days up to it. Conditions and accounts are as they are registered now. The name is masked; with --clear
    name and numbers are shown whole, and who looked, and why, is recorded before. MEMBER_NO may be the
    reference by which sales, prescriptions and accesses name a member.
    """
    who, gateway = wanted(author, reason, clear=clear), open_gateway(config_path)
    shown = member_on(gateway, member_no, day or day_of(now()), known_at)
    if shown is None:
        refuse("没有这个个人编号。", "No member has this number.")
    whole = {} if who is None else clear_text_of(gateway, who, shown.member.member)
    if as_json:
        print_json({**shown_as_plain(shown), **whole})
        return
    seen = (field(CLEAR[name], name, value or "-") for name, value in whole.items())
    for line in (*shown_page(shown), *seen):
        click.echo(line)


@member.command("unbind", short_help="解除家庭共济 end a family tie")
@click.argument("member_no")
@click.argument("payer_member_no")
@json_option
@config_option
def unbind(member_no: str, payer_member_no: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """End that the account of PAYER_MEMBER_NO may pay for MEMBER_NO, from today on.

    What it has paid stays, and so does the record of when it might.
    """
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json), gateway.writing() as connection:
        ended = end_binding(gateway.people(connection, "member unbind"), member_no, payer_member_no)
    if not ended:
        refuse("这两人之间没有家庭共济绑定。", "There is no family tie between these two.")
    if as_json:
        print_json({"unbound": True})
    else:
        click.echo("已解除绑定。The tie has ended.")
