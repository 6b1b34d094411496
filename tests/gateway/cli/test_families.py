"""Whose account may pay for whom is entered from a file, shown with its terms, and ended by a command."""

from datetime import timedelta
from typing import Any

import pytest

from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import day_of
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_importing import MEMBERS, member

pytestmark = on_both_stores

TODAY = day_of(now())
TOMORROW = TODAY + timedelta(days=1)
BARE = "member_no,payer_member_no,relation"
WHOLE = f"{BARE},from,to,year_limit_yuan,consented_on"


def entered(city: City, *lines: str, header: str = WHOLE, exit_code: int = 0) -> Any:
    """Enters the mother and the son of another town, and what the lines say of families."""
    members = city.write("m.csv", MEMBERS, member("M"), member("S", account=","))
    families = city.write("f.csv", header, *lines)
    answer = city.ask("member", "import", members, "--families", families, exit_code=exit_code)
    return answer["faults"] if exit_code else answer["families"]


def relatives(city: City, *more: str) -> list[dict[str, Any]]:
    accounts = city.ask("member", "show", "S", *more)["accounts"]
    return [each for each in accounts if each["owner"] != "self"]


def test_a_binding_is_shown_with_its_limit_and_consent_from_its_first_to_its_last_day(city: City) -> None:
    entered(city, f"S,M,parent,2026-01-01,{TOMORROW},300.00,2026-01-01")
    (mothers,) = relatives(city)
    assert mothers["owner"] == "parent"
    assert (mothers["limit_left_fen"], mothers["standing_consent"]) == (30_000, True)
    assert relatives(city, "--on", "2025-12-31") == []
    assert len(relatives(city, "--on", str(TOMORROW))) == 1
    assert relatives(city, "--on", str(TOMORROW + timedelta(days=1))) == []
    text = city.run("member", "show", "S").stdout
    assert "本年还可用 300.00 / left this year,长期同意 / standing consent" in text


def test_without_its_columns_a_file_keeps_what_is_known(city: City) -> None:
    entered(city, "S,M,parent,2026-01-01,,300.00,2026-01-01")
    assert entered(city, "S,M,parent", header=BARE)["same_count"] == 1
    assert entered(city, "S,M,other", header=BARE)["changed_count"] == 1
    (found,) = relatives(city)
    assert (found["owner"], found["limit_left_fen"]) == ("other", 30_000)


def test_a_consent_that_nobody_gave_is_asked_for_each_time(city: City) -> None:
    entered(city, "S,M,parent", header=BARE)
    (mothers,) = relatives(city)
    assert not mothers["standing_consent"]
    assert "每次须同意 / consent each time" in city.run("member", "show", "S").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("S,M,parent,2026-02-01,2026-01-31,,", "to is before from"),
        ("S,M,parent,,2020-01-01,,", "to is before the day on which the binding begins"),
        ("S,M,parent,,,0.00,", "year_limit_yuan is above 0; leave it empty for no limit"),
        ("S,M,parent,,,300,", "must be yuan with two places"),
        ("S,M,parent,,,,yesterday", "consented_on"),
        ("S,404,parent,,,,", "payer_member_no: no member has this number"),
    ],
)
def test_a_binding_that_says_nothing_sound_is_named_with_its_line(city: City, line: str, said: str) -> None:
    with city.untouched():
        (fault,) = entered(city, line, exit_code=1)
    assert (fault["line"], fault["file"]) == (2, "f.csv")
    assert said in fault["en"]


def test_who_unbinds_is_obeyed_at_once_and_once(city: City) -> None:
    entered(city, "S,M,parent,2026-01-01,,,")
    assert city.ask("member", "unbind", "S", "M") == {"unbound": True}
    assert relatives(city) == []
    assert len(relatives(city, "--on", str(TODAY - timedelta(days=1)))) == 1
    assert "no family tie" in city.run("member", "unbind", "S", "M", exit_code=1).stderr


def test_who_has_too_many_records_to_unbind_is_told_so(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    entered(city, "S,M,parent,2026-01-01,,,")
    monkeypatch.setattr("medsettle_gateway.storage.records.RECORDS_MOST", 1)
    with city.untouched():
        said = city.run("member", "unbind", "S", "M", exit_code=1).stderr
    assert "takes no more" in said
    assert "nothing was entered" in said
