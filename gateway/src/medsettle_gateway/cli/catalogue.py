"""``medsettle-gateway catalogue``: what goods and services are, region by region, now and before."""

from datetime import date
from pathlib import Path

import click

from medsettle_gateway.cli.catalogue_shown import (
    CHANGES_LISTED,
    change_lines,
    changes_as_plain,
    history_as_plain,
    item_lines,
)
from medsettle_gateway.cli.days import day_typed
from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say, warn_without_pack
from medsettle_gateway.cli.frame import (
    config_option,
    field,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files import cells
from medsettle_gateway.files.goods import CATALOGUE
from medsettle_gateway.storage.catalogue import change_catalogue, history_of, versions_of
from medsettle_gateway.storage.connection import instant


def _region(_context: click.Context, option: click.Parameter, text: str) -> str:
    try:
        return cells.region(text)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param=option) from error


_region_option = click.option(
    "--region", required=True, callback=_region, help="Pooling region code of six digits."
)


@click.group("catalogue", short_help="目录导入与查询 enter and look up a region's catalogue")
def catalogue() -> None:
    """Enter a region's catalogue, and look up what was in it when."""


@catalogue.command("import", short_help="导入某统筹区的目录 make a file the whole catalogue of a region")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_region_option
@check_option
@json_option
@config_option
def import_catalogue(
    file: Path, region: str, check: bool, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Make the CSV FILE the whole catalogue of a region: an item that it lacks is removed.

    Whatever it changes becomes a version of the catalogue; what was in the versions before stays known.
    With --check the rows that would change are listed.

    Columns: code, name, kind, class, self_pay_share, ceiling_yuan, ward, valid_from, valid_to. There may be
    more, and without a column what is known stays: classes (lists with another class, as in township=C
    child=A); what a fund pays for only, and no other line: levels (of institutions, with semicolons), sex
    (male, female), age_from, age_to (years), days_supply_most, and clause (the document's words for these);
    traced (no: packs have no traceability code), dual_channel (yes, no), price_most_yuan (guidance price of a
    unit). A code may stand on several rows with other days.
    """
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, CATALOGUE, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            at = instant(connection, now())
            changes = change_catalogue(connection, region, rows, at, file.name)
    if as_json:
        counts = changes.entered._asdict()
        print_json({"entered": not check, "catalogue": counts, "changes": changes_as_plain(changes)})
    else:
        for line in change_lines(changes, CHANGES_LISTED) if check else ():
            click.echo(line)
        say({"catalogue": changes.entered}, check=check, as_json=False)
    warn_without_pack(gateway.config, (region,))


@catalogue.command("show", short_help="查询某个编码 what an item is, and was")
@click.argument("code")
@_region_option
@click.option("--on", "on", callback=day_typed, metavar="DATE", help="On this day  [today].")
@json_option
@config_option
def show(code: str, region: str, on: date | None, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print what the item CODE is on a day, and what each version of the catalogue made of it."""
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        history = history_of(connection, region, code)
    if not history:
        refuse("这个统筹区的目录里从来没有这个编码。", "This code was never in the region's catalogue.")
    day = day_of(now()) if on is None else on
    if as_json:
        print_json(history_as_plain(history, day))
        return
    for line in item_lines(history, day):
        click.echo(line)


@catalogue.command("versions", short_help="列出目录的各个版本 list the versions of a catalogue")
@_region_option
@json_option
@config_option
def versions(region: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List the versions of a region's catalogue, the latest first."""
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = versions_of(connection, region)
    if as_json:
        print_json({
            "versions": [each._asdict() | {"entered_at": shown_at(each.entered_at)} for each in found]
        })
        return
    if not found:
        refuse("这个统筹区还没有目录。", "This region has no catalogue yet.")
    for each in found:
        click.echo(f"{each.version}  {shown_at(each.entered_at)}")
        click.echo(field("项目数", "items", each.item_count))
        click.echo(field("来源", "source", each.source or "-"))
        click.echo(field("内容摘要", "digest", each.digest))
