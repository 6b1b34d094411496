"""What the demo city is entered from: files of places, goods, people, and of what is dated about them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from medsettle_gateway.cli.entering import checked_rows
from medsettle_gateway.cli.frame import Gateway, now
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.filings import FilingFact
from medsettle_gateway.domain.people import PersonKind, PersonRow
from medsettle_gateway.domain.place import PlaceFact
from medsettle_gateway.domain.register import Rows
from medsettle_gateway.domain.staff import StaffFact
from medsettle_gateway.files.goods import CATALOGUE
from medsettle_gateway.files.persons import PERSONS
from medsettle_gateway.files.registers import FAMILIES, INSTITUTIONS, MEMBERS, YEARS
from medsettle_gateway.files.work import FILINGS, PLACES, STAFF, STAFF_RECORDS
from medsettle_gateway.storage.catalogue import enter_catalogue
from medsettle_gateway.storage.connection import instant
from medsettle_gateway.storage.entering import Entered
from medsettle_gateway.storage.families import enter_families
from medsettle_gateway.storage.persons import enter_persons
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.work import enter_filings, enter_places, enter_staff, enter_staff_records

_CITY: Final = "210300"


def enter_city(gateway: Gateway, city: Path) -> dict[str, int]:
    """Enters every file of the city in one transaction; its years are those of today."""
    limits = gateway.config.limits
    with gateway.writing() as connection, _years_of_today(city) as years:
        people = gateway.people(connection, "demo-city")

        def persons(kind: PersonKind, name: str) -> Rows[PersonRow]:
            return checked_rows(city / name, PERSONS[kind], limits)

        entered = {
            "institutions": enter_institutions(
                connection, checked_rows(city / "institutions.csv", INSTITUTIONS, limits), people.now,
                people.source,
            ),
            "items": enter_catalogue(
                connection, _CITY, checked_rows(city / "catalogue.csv", CATALOGUE, limits),
                instant(connection, now()), "catalogue.csv",
            ),
            "members": people.enter_members(checked_rows(city / "members.csv", MEMBERS, limits)),
            "families": enter_families(people, checked_rows(city / "families.csv", FAMILIES, limits)),
            "years": people.enter_years(checked_rows(years, YEARS, limits)),
            "cover": enter_persons(people, persons(PersonKind.COVER, "cover.csv")),
            "suspensions": enter_persons(people, persons(PersonKind.SUSPENSION, "suspensions.csv")),
            **_enter_work(people, city, limits),
        }
    return {name: each.new_count + each.changed_count + each.same_count for name, each in entered.items()}


def _enter_work(people: People, city: Path, limits: LimitsSection) -> dict[str, Entered]:
    """Enters contracts and districts of places, those who work there, and what is filed."""
    connection, at, source = people.connection, people.now, people.source

    def places(kind: PlaceFact, name: str) -> Entered:
        return enter_places(connection, checked_rows(city / name, PLACES[kind], limits), at, source)

    posts, _ = enter_staff(connection, checked_rows(city / "staff.csv", STAFF, limits), at, source)
    stopped = checked_rows(city / "staff_suspensions.csv", STAFF_RECORDS[StaffFact.SUSPENSION], limits)
    filings = checked_rows(city / "filings.csv", FILINGS[FilingFact.CHRONIC], limits)
    return {
        "designations": places(PlaceFact.DESIGNATION, "designations.csv"),
        "districts": places(PlaceFact.DISTRICT, "districts.csv"),
        "staff": posts,
        "staff_suspensions": enter_staff_records(connection, stopped, at, source),
        "filings": enter_filings(people, filings),
    }


@contextmanager
def _years_of_today(city: Path) -> Iterator[Path]:
    text = (city / "years.csv").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        years = Path(folder) / "years.csv"
        years.write_text(text.replace("{year}", str(day_of(now()).year)), "utf-8")
        yield years
