"""A town to sell in: the demo city with many more people, and shops with their tills enrolled beforehand."""

import csv
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from medsettle.enrolment import Channel, enrol
from medsettle.testing import Gateway
from medsettle_gateway.cli.frame import now, open_gateway
from medsettle_gateway.domain.facts import EnrolCode
from medsettle_gateway.service.enrol import code_hash
from medsettle_gateway.storage import terminals
from tests.e2e.counter import ACCOUNTS_ONLY, CLINIC, PHARMACY

COUNTED_PHARMACY = "P21030400102"
"""A pharmacy where pooled outpatient care is settled."""
REGION = "210300"
_PLACES = ((CLINIC, ""), (COUNTED_PHARMACY, ""), (CLINIC, ""), (PHARMACY, ACCOUNTS_ONLY))
_FIRST_NUMBER = 2_104_000_000
_HOT_COUNT = 18
"""Members of the demo city, who are met at all tills: relatives' accounts, caps nearly reached."""
_HEAD = (
    "member_no", "name", "id_number", "region", "scheme", "standing", "enrolment", "aid", "conditions",
    "covered_from", "covered_to", "account_yuan", "account_state",
)


@dataclass(frozen=True)
class Shop:
    """A shop: its tills, and what it needs to serve people."""

    name: str
    seed: str
    institution: str
    benefit: str
    tills: tuple[Path, ...]
    papers: Path
    clock: Path
    keys: Path
    hot: tuple[str, ...]
    members: tuple[str, ...]
    """References, as a credential names them."""


def settle_in(gateway: Gateway, seed: str, members_count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Enters people, who have between nothing and much in their accounts; returns the hot and the others."""
    chance = Random(f"{seed} people")
    numbers = [str(_FIRST_NUMBER + each) for each in range(members_count)]
    table = gateway.directory / "people.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEAD)
        for number in numbers:
            yuan = chance.choice(("0.00", "12.34", "300.00", "2500.00"))
            writer.writerow((
                number, "张伟", f"E{number}", REGION, "employee", "active", "pooled_and_account", "none",
                "", "2010-01-01", "", yuan, "active",
            ))
    gateway.run("member", "import", str(table), "--config", str(gateway.config_path))
    opened = open_gateway(gateway.config_path)
    with opened.reading() as connection:
        people = opened.people(connection, "")
        hot = [people.member_of(str(2_103_000_001 + each)) for each in range(_HOT_COUNT)]
        others = [people.member_of(number) for number in numbers]
    return tuple(map(str, hot)), tuple(map(str, others))


def set_up_shops(
    gateway: Gateway, address: str, folder: Path, seed: str, shops_count: int, tills_count: int,
    clock: Path, people: tuple[tuple[str, ...], tuple[str, ...]],
) -> tuple[Shop, ...]:
    """Enrols every till while the line is good, and returns the shops."""
    keys = gateway.directory / "keys"
    shops = []
    for number in range(shops_count):
        institution, benefit = _PLACES[number % len(_PLACES)]
        tills = tuple(
            _enrolled(gateway, address, folder, institution, f"{10 * (number + 1) + each}")
            for each in range(tills_count)
        )
        name = f"shop{number + 1}"
        papers = folder / "papers" / f"{name}.txt"
        papers.parent.mkdir(parents=True, exist_ok=True)
        shops.append(
            Shop(name, f"{seed} {name}", institution, benefit, tills, papers, clock, keys, *people)
        )
    return tuple(shops)


def _enrolled(gateway: Gateway, address: str, folder: Path, institution: str, till: str) -> Path:
    opened = open_gateway(gateway.config_path)
    code = secrets.token_hex(8).upper()
    with opened.writing() as connection:
        terminals.hand_out_code(
            connection, EnrolCode(code_hash(code), institution, till, now() + timedelta(hours=1))
        )
    terminal = f"{institution}-{till}"
    channel = Channel(address, insecure=True)
    whole = f"{code}.{opened.keys.root.key}"
    return enrol(channel, whole, terminal, folder / "tills" / terminal).config_file

