"""Two packs are compared figure by figure: whom it is for, what it was, what it is."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.comparing import Change, What, compare

EVERYTHING = read_pack(Path(__file__).with_name("everything.yaml")).data
GENERAL = "benefits.general_outpatient"


def changed(path: str, value: object) -> dict[str, Any]:
    """The pack with one value replaced; list elements by number."""
    data: dict[str, Any] = deepcopy(dict(EVERYTHING))
    *way, last = path.split(".")
    place: Any = data
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return data


def differences(path: str, value: object) -> list[Change]:
    return list(compare(EVERYTHING, changed(path, value)))


def test_a_pack_does_not_differ_from_itself() -> None:
    assert compare(EVERYTHING, deepcopy(dict(EVERYTHING))) == ()


def test_versions_of_the_same_rules_do_not_differ() -> None:
    later = {
        **EVERYTHING,
        "effective": {"from": "2030-01-01"},
        "known_from": "2030-01-01",
        "supersedes": "a" * 12,
    }
    assert compare(EVERYTHING, later) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("lines.over_ceiling", None),
        (f"{GENERAL}.deductible.period", None),
        (f"{GENERAL}.takes", None),
        ("benefits.chronic_outpatient.deductible", {"period": "none", "rows": []}),
        ("benefits.haemodialysis.limit_per_session.rows", None),
        ("layers.0.who.0.aid", ["destitute", "subsistence"]),
        (f"{GENERAL}.ratio.rows.0", {"clause": "第十二条", "ratio": "0.50", "force": "floor", "when": {}}),
    ],
)
def test_what_is_written_otherwise_and_says_the_same_does_not_differ(path: str, value: object) -> None:
    assert differences(path, value) == []


def test_a_figure_that_changes_is_one_change_with_both_rows() -> None:
    (change,) = differences(f"{GENERAL}.ratio.rows.0", {"ratio": "0.60", "clause": "新"})
    assert (change.path, change.what) == (f"{GENERAL}.ratio.rows", What.CHANGED)
    assert change.before == {"ratio": "0.50", "force": "floor", "clause": "第十二条"}
    assert change.after == {"ratio": "0.60", "clause": "新"}
    assert change.whom == {}


def test_a_row_for_other_people_is_added_and_not_changed() -> None:
    rows = [
        {"ratio": "0.50", "force": "floor", "clause": "第十二条"},
        {"when": {"standing": "minor"}, "add": "0.1"},
    ]
    (change,) = differences(f"{GENERAL}.ratio.rows", rows)
    assert (change.what, change.whom, change.after) == (What.ADDED, {"standing": "minor"}, {"add": "0.1"})
    (gone,) = compare(changed(f"{GENERAL}.ratio.rows", rows), EVERYTHING)
    assert (gone.what, gone.before, gone.after) == (What.REMOVED, {"add": "0.1"}, None)


def test_rows_in_another_order_differ_because_the_later_one_decides() -> None:
    rows: Any = EVERYTHING["benefits"]
    rows = rows["inpatient"]["deductible"]["rows"]
    (change,) = differences("benefits.inpatient.deductible.rows", [rows[1], rows[0], rows[2]])
    assert (change.what, change.path) == (What.REORDERED, "benefits.inpatient.deductible.rows")


def test_a_limit_that_is_written_as_one_row_is_compared_with_one_that_has_rows() -> None:
    (change,) = differences(
        "benefits.haemodialysis.cap", {"rows": [{"amount": "9.00", "clause": "第十一条"}]}
    )
    assert (change.path, change.what) == ("benefits.haemodialysis.cap.rows", What.CHANGED)
    assert change.before == {"none": True, "clause": "第十一条"}


def test_layers_and_limits_inside_are_told_apart_by_their_ids() -> None:
    (change,) = differences("layers.0.cap.inside.0.rows", [{"amount": "1.00", "clause": "第十三条"}])
    assert change.path == "layers.medical_aid.cap.inside.ordinary.rows"
    layers: Any = EVERYTHING["layers"]
    moved = differences("layers", [layers[1], layers[0], layers[2]])
    assert [each.what for each in moved] == [What.REORDERED]


def test_a_ratio_of_a_band_is_named_by_its_end() -> None:
    bands = "benefits.inpatient.ratio.bands.rows"
    (change,) = differences(f"{bands}.0.ratio", "0.75")
    assert (change.path, change.whom) == (bands, {"up_to": "10000.00"})
    (change,) = differences(f"{bands}.1.rows.1.add", "-0.10")
    assert (change.path, change.whom) == (f"{bands}[-]", {"tier": "low"})


def test_a_gate_that_asks_for_something_else_is_another_gate() -> None:
    found = differences("benefits.inpatient.where.0.at", ["hospital", "clinic"])
    assert [each.what for each in found] == [What.REMOVED, What.ADDED]
    assert found[1].whom == {"at": ["hospital", "clinic"], "stay": True}


def test_lists_of_names_say_which_came_and_went() -> None:
    found = differences("accounts.owners", ["spouse", "self", "child"])
    assert [(each.what, each.after) for each in found][:1] == [(What.ADDED, "child")]
    assert found[-1].what is What.REORDERED


def test_switches_texts_and_whole_sections_are_compared() -> None:
    (switch,) = differences("benefits.haemodialysis.switches.night_sessions", True)
    assert (switch.before, switch.after) == (False, True)
    (title,) = differences("title.zh", "新名")
    assert (title.path, title.what) == ("title.zh", What.CHANGED)
    gone = differences("warnings", {})
    assert {each.what for each in gone} == {What.REMOVED}
    assert "warnings.poverty_risk.rows" in {each.path for each in gone}
