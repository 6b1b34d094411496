"""``member records`` and ``member history``: dated facts about members, which are only ever added to."""

from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.dated import kept_line, kept_plain
from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say
from medsettle_gateway.cli.frame import config_option, json_option, open_gateway, print_json, refuse
from medsettle_gateway.cli.member_doubts import tell_doubtful
from medsettle_gateway.domain.people import PersonKind, PersonRow
from medsettle_gateway.domain.register import Fault
from medsettle_gateway.files.persons import PERSONS
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.storage.persons import enter_persons, history

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_KINDS: Final = tuple(kind.value for kind in PERSONS)
NAMES: Final = {
    "registered": ("登记", "registered"),
    "cover": ("参保期间", "cover"),
    "arrears": ("欠费", "arrears"),
    "payment": ("缴费", "payment"),
    "supplement": ("补充保险", "supplement"),
    "suspension": ("暂停待遇", "suspension"),
    "certificate": ("救助证件", "certificate of aid"),
    "chronic_filing": ("门诊慢特病备案", "chronic filing"),
    "filing_review": ("年审", "yearly review"),
    "away_filing": ("异地就医备案", "care elsewhere"),
    "late_claim": ("补报延期", "late claim"),
    "binding": ("家庭共济", "family tie"),
    "account_state": ("账户状态", "state of the account"),
}
"""What each kind of fact about a member is called, in Chinese and English."""
_UNJUDGED: Final = {PersonKind.ARREARS: "arrears", PersonKind.PAYMENT: "year"}
"""Kinds that stop nobody where the packs of the region lack this section of ``eligibility``."""


@click.command("records", short_help="导入参保期间、欠费、缴费等 enter dated facts about members")
@click.argument("kind", metavar="KIND", type=click.Choice(_KINDS))
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def enter_member_records(kind: str, file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter dated facts of one KIND about members from a CSV FILE, all of them or none.

    Nothing is overwritten: a row of the same member and key takes the place of the one before, which stays
    readable; with yes in the column withdrawn (which may be left out) it says that it never held. Days are
    included; an empty `to` means until further notice.

    \b
    cover:       member_no, region, scheme, standing, enrolment, from, to
    arrears:     member_no, from, to, paid_on     whole months; paid_on: all was paid
    payment:     member_no, scheme, paid_on, subsidised (may be left out: yes or no)
    supplement:  member_no, name, paid_on, from, to
    suspension:  member_no, from, to, cause
    certificate: member_no, aid, district, from, to

    As soon as one period of cover is known of a member, these periods alone say when the member is covered,
    and under what. Two schemes on a day are a fault, for all numbers of the same identity number together;
    one scheme under two of them is doubtful, and named.
    """  # noqa: D301 - a backspace, by which click keeps lines
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    gateway = open_gateway(config_path)
    chosen = PersonKind(kind)
    regions: dict[str, None] = {}
    doubtful: list[Fault] = []

    def note(region: str, _row: PersonRow) -> None:
        regions[region] = None

    with listing_faults(as_json=as_json):
        rows = checked_rows(file, PERSONS[chosen], gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"member records {kind} {file.name}")
            entered = {kind: enter_persons(people, rows, note, doubtful.append)}
    say(entered, check=check, as_json=as_json)
    tell_doubtful(doubtful)
    if chosen in _UNJUDGED:
        packs = load_packs(gateway.config)
        _warn(chosen, [region for region in regions if not _judged(chosen, region, packs)])


def _judged(kind: PersonKind, region: str, packs: Any) -> bool:  # noqa: ANN401 - the packs, an iterable
    ours: list[Pack] = [pack for pack in packs if pack.region == region]
    if kind is PersonKind.ARREARS:
        return any(pack.rules.persons.arrears is not None for pack in ours)
    return any(pack.rules.persons.years for pack in ours)


def _warn(kind: PersonKind, regions: list[str]) -> None:
    if regions:
        listed, section = ", ".join(regions), f"eligibility.{_UNJUDGED[kind]}"
        click.echo(f"注意:统筹区 {listed} 的政策包没有 {section},这些记录暂不影响待遇。", err=True)
        click.echo(f"Note: no policy pack of {listed} has {section}: such records stop nobody yet.", err=True)


@click.command("history", short_help="查看全部记录 everything that was ever recorded of a member")
@click.argument("member_no")
@json_option
@config_option
def show_history(member_no: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print every dated fact about MEMBER_NO in the order of entry: when it was entered, and its days.

    What was corrected or withdrawn since stays in the list. No name is shown.
    """
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = history(gateway.people(connection, "member history"), member_no)
    if found is None:
        refuse("没有这个个人编号。", "No member has this number.")
    if as_json:
        print_json({"records": [kept_plain(each) for each in found]})
        return
    if not found:
        click.echo("还没有记录。Nothing is recorded yet.")
    for each in found:
        click.echo(kept_line(each, NAMES.get(each.record.kind, (each.record.kind, ""))))
