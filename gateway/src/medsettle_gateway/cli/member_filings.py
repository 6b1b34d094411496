"""``member filings``: what is filed for members, which is only ever added to."""

from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say
from medsettle_gateway.cli.frame import config_option, json_option, open_gateway
from medsettle_gateway.cli.work_doubts import WorkDoubts
from medsettle_gateway.domain.filings import FilingFact
from medsettle_gateway.files.work import FILINGS
from medsettle_gateway.storage.work import enter_filings

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_KINDS: Final = {
    "chronic": FilingFact.CHRONIC,
    "review": FilingFact.REVIEW,
    "away": FilingFact.AWAY,
    "late-claim": FilingFact.LATE_CLAIM,
}


@click.command("filings", short_help="导入备案、年审、转诊 enter what is filed for members")
@click.argument("kind", metavar="KIND", type=click.Choice(list(_KINDS)))
@click.argument("file", type=_FILE)
@check_option
@json_option
@config_option
def enter_member_filings(kind: str, file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter filings of one KIND for members from a CSV FILE, all of them or none.

    Nothing is overwritten: a row of the same member and key takes the place of the one before, which stays
    readable; with yes in the column withdrawn (which may be left out) it says that it never held. Days are
    included; an empty `to` means until further notice. Codes in one cell are separated by semicolons.

    \b
    chronic:    member_no, condition, from, to, institutions (one or two; empty: any),
                drugs (item codes; empty: any), filed_by (who filed it for the agency)
    review:     member_no, condition, reviewed_on, result (passed or failed), institution
    away:       member_no, kind (referral, long_term or temporary), from, to, regions,
                institutions (empty: any of the regions), issued_by (the hospital that refers)
    late-claim: member_no, from, to, cause, author    services of these days may be claimed later

    As soon as one filing of a condition is known of a member, the filings alone say when and where the
    condition holds, and no longer the column `conditions` of the register. A condition that nothing knows,
    and an institution that is not in the register, are doubtful: they are entered and named.
    """  # noqa: D301 - a backspace, by which click keeps lines
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, FILINGS[_KINDS[kind]], gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            people = gateway.people(connection, f"member filings {kind} {file.name}")
            doubts = WorkDoubts()
            entered = {kind: enter_filings(people, doubts.noted(rows))}
            doubts.tell(connection, load_packs(gateway.config))
    say(entered, check=check, as_json=as_json)
