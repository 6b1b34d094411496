"""``medsettle-gateway institution``: designated institutions."""

from collections.abc import Iterator
from pathlib import Path

import click

from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say, warn_without_pack
from medsettle_gateway.cli.frame import config_option, json_option, open_gateway
from medsettle_gateway.domain.register import InstitutionRecord, Rows
from medsettle_gateway.files.registers import INSTITUTIONS
from medsettle_gateway.storage.places import enter_institutions


@click.group("institution", short_help="定点机构导入 enter designated institutions")
def institution() -> None:
    """Enter designated institutions."""


@institution.command("import", short_help="导入定点机构 enter institutions from a file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@check_option
@json_option
@config_option
def import_institutions(file: Path, check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Enter institutions from a CSV FILE, all of them or none.

    Columns: code, name, region, kind, level, specialty, designations (separated by semicolons, or none),
    state (active or suspended). A known code is changed; none is ever removed.
    """
    gateway = open_gateway(config_path)
    regions: set[str] = set()
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, INSTITUTIONS, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            entered = {"institutions": enter_institutions(connection, _noting(rows, regions))}
    say(entered, check=check, as_json=as_json)
    warn_without_pack(gateway.config, regions)


def _noting(rows: Rows[InstitutionRecord], regions: set[str]) -> Iterator[tuple[int, InstitutionRecord]]:
    for line, record in rows:
        regions.add(record.region)
        yield line, record
