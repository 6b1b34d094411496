"""``medsettle-gateway catalogue``: what goods and services are, region by region."""

from pathlib import Path

import click

from medsettle_gateway.cli.entering import check_option, checked_rows, listing_faults, say, warn_without_pack
from medsettle_gateway.cli.frame import config_option, json_option, now, open_gateway
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.files import cells
from medsettle_gateway.files.goods import CATALOGUE
from medsettle_gateway.storage.catalogue import enter_catalogue


@click.group("catalogue", short_help="目录导入 enter a region's catalogue")
def catalogue() -> None:
    """Enter a region's catalogue."""


@catalogue.command("import", short_help="导入某统筹区的目录 make a file the whole catalogue of a region")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--region", required=True, help="Pooling region code of six digits.")
@check_option
@json_option
@config_option
def import_catalogue(
    file: Path, region: str, check: bool, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Make the CSV FILE the whole catalogue of a region: an item that it lacks is removed.

    Columns: code, name, kind, class, self_pay_share, ceiling_yuan, ward, valid_from, valid_to, and,
    not always, classes (lists with another class, as in township=C child=A; without the column those that
    are known stay). A code may stand on several rows with other days.
    """
    try:
        cells.region(region)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param_hint="--region") from error
    gateway = open_gateway(config_path)
    with listing_faults(as_json=as_json):
        rows = checked_rows(file, CATALOGUE, gateway.config.limits)
        with gateway.writing(keep=not check) as connection:
            entered = {"catalogue": enter_catalogue(connection, region, rows, now())}
    say(entered, check=check, as_json=as_json)
    warn_without_pack(gateway.config, (region,))
