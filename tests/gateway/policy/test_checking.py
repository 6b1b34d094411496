"""A check tells what keeps a pack from being used, what misleads its reader, and what is still open."""

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.checking import check_files
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.loader import PackSource, digest_of

EVERYTHING = read_pack(Path(__file__).with_name("everything.yaml"))
GENERAL = "benefits.general_outpatient"


def everything(name: str = "all.yaml", **sections: object) -> PackSource:
    data: dict[str, Any] = deepcopy(dict(EVERYTHING.data))
    for dotted, value in sections.items():
        *way, last = dotted.split("__")
        place: Any = data
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value
    return PackSource(name, data, EVERYTHING.lines)


def check(*sources: PackSource, others: tuple[PackSource, ...] = ()) -> list[tuple[str, Level, str]]:
    return [(each.path, each.level, each.message) for each in check_files(sources, others)]


def told(found: list[tuple[str, Level, str]], path: str) -> list[tuple[Level, str]]:
    return [(level, message) for where, level, message in found if where == path]


def only(found: list[tuple[str, Level, str]], path: str) -> tuple[Level, str]:
    (entry,) = told(found, path)
    return entry


def test_the_shipped_packs_have_no_errors_and_no_warnings() -> None:
    assert {each.level for each in check_files(shipped_packs())} <= {Level.INFO}


def test_a_finding_has_the_line_of_its_file() -> None:
    found = check_files([EVERYTHING])
    text = Path(__file__).with_name("everything.yaml").read_text("utf-8").splitlines()
    assert "force: assumed" in text[next(f for f in found if f.message.startswith("assumed")).line - 1]
    assert {each.source for each in found} == {EVERYTHING.name}


def test_a_file_that_does_not_load_has_an_error_for_every_mistake() -> None:
    found = check(everything(region="1", status="good"))
    assert {path for path, level, _ in found if level is Level.ERROR} == {"region", "status"}


def test_an_assumed_figure_is_a_warning() -> None:
    level, message = only(check(everything()), "benefits.haemodialysis.ratio.rows[0]")
    assert level is Level.WARNING
    assert message.startswith("assumed, not in the document")


def test_a_figure_without_any_row_is_a_regions_to_bring() -> None:
    found = check(everything(benefits__general_outpatient__ratio={"rows": []}))
    assert only(found, f"{GENERAL}.ratio") == (
        Level.INFO, "the document gives no figure: a region must bring its own, in an overlay",
    )  # fmt: skip


def rows(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"rows": [{"clause": "x", **entry} for entry in entries]}


ANOTHER = "another row decides"
NOBODY = "nobody and nothing that comes here fits"


def ratio(value: str, **when: object) -> dict[str, Any]:
    return {"when": when, "ratio": value} if when else {"ratio": value}


def plus(value: str, **when: object) -> dict[str, Any]:
    return {"when": when, "add": value}


EVERY_STANDING = ["active", "retired", "flexible", "adult", "minor"]


@pytest.mark.parametrize(
    ("entries", "row", "why"),
    [
        ([ratio("0.6", level="primary"), ratio("0.5")], 0, ANOTHER),
        ([ratio("0.6", level="primary"), ratio("0.5", level=["primary", "none"])], 0, ANOTHER),
        ([ratio("0.5"), ratio("0.6", stay=True)], 1, NOBODY),
        ([ratio("0.5"), ratio("0.6", designation="chronic", at="hospital")], None, ""),
        ([ratio("0.5"), plus("0.1", level="primary"), ratio("0.6")], 1, ANOTHER),
        ([ratio("0.5"), plus("0.1", age_at_least=60)], None, ""),
        ([ratio("0.5"), plus("0.1", standing="minor"), ratio("0.7", standing=EVERY_STANDING)], 1, ANOTHER),
        ([ratio("0.5"), ratio("0.6", scheme="resident", standing="active")], 1, NOBODY),
    ],
)
def test_a_row_that_can_never_apply_is_a_warning(
    entries: list[dict[str, Any]], row: int | None, why: str
) -> None:
    found = check(everything(benefits__general_outpatient__ratio=rows(*entries)))
    warned = [
        (path, message)
        for path, level, message in found
        if level is Level.WARNING and path.startswith(GENERAL)
    ]
    if row is None:
        assert warned == []
        return
    assert (f"{GENERAL}.ratio.rows[{row}]", True) in [(path, why in message) for path, message in warned]


def test_a_row_that_adds_to_none_never_applies() -> None:
    none = rows({"none": True}, {"when": {"area": "unfiled"}, "add": "200.00"})
    found = check(everything(benefits__general_outpatient__deductible={"period": "year", **none}))
    assert (
        only(found, f"{GENERAL}.deductible.rows[1]")[1]
        == "never applies: where there is none, nothing is added"
    )


def test_a_row_waits_for_the_figure_that_a_region_brings() -> None:
    waiting = rows({"when": {"aid": "poor"}, "ratio": "0.9"}, {"when": {"aid": "marginal"}, "add": "0.05"})
    found = check(everything(benefits__general_outpatient__ratio=waiting))
    assert only(found, f"{GENERAL}.ratio.rows[1]") == (
        Level.INFO, "adds to nothing yet: a region must bring the figure that it adds to",
    )  # fmt: skip
    assert "no row for aid=" in only(found, f"{GENERAL}.ratio")[1]


def test_rows_of_lines_that_are_excluded_never_apply() -> None:
    share = [{"when": {"class": "C"}, "share": "0.5", "clause": "x"}]
    found = check(everything(lines__self_pay_first=share))
    assert "nobody and nothing" in only(found, "lines.self_pay_first[0]")[1]


def test_an_exclusion_and_a_list_that_others_cover_are_warnings() -> None:
    excluded = [
        {"when": {"class": "C"}, "clause": "x"},
        {"when": {"class": "C", "kind": "drug"}, "clause": "y"},
    ]
    lists = [{"when": {"level": "primary"}, "list": "a", "clause": "x"}, {"list": "b", "clause": "y"}]
    found = check(everything(lines__excluded=excluded, lines__catalogues=lists))
    assert "an entry before it already excludes" in only(found, "lines.excluded[1]")[1]
    assert "a row after it decides" in only(found, "lines.catalogues[0]")[1]


def test_a_limit_inside_that_nothing_reaches_is_a_warning() -> None:
    found = check(everything(benefits__general_outpatient__layers=[]))
    assert "nobody and nothing" in only(found, "layers[0].cap.outpatient[0]")[1]


def test_a_cap_of_conditions_is_looked_up_for_each_of_them() -> None:
    who = [{"condition": "hypertension", "clause": "x"}]
    found = check(everything(benefits__chronic_outpatient={**chronic(), "who": who}))
    assert told(found, "benefits.chronic_outpatient.cap.rows[1]") == []


def chronic() -> dict[str, Any]:
    benefits: Any = EVERYTHING.data["benefits"]
    return dict(benefits["chronic_outpatient"])


def test_a_layer_that_no_benefit_names_never_pays() -> None:
    found = check(everything(benefits__inpatient__layers=["medical_aid"]))
    assert "no benefit names it" in only(found, "layers[1]")[1]


def test_too_many_facts_to_judge_are_said_and_not_hidden() -> None:
    conditions = [{"when": {"condition": f"c{number}"}, "add": "0.01"} for number in range(18)]
    found = check(everything(benefits__general_outpatient__ratio=rows({"ratio": "0.5"}, *conditions)))
    assert only(found, f"{GENERAL}.ratio")[0] is Level.INFO
    assert "too many facts" in only(found, f"{GENERAL}.ratio")[1]


def test_a_historical_pack_needs_its_end_and_rounding_is_declared() -> None:
    source = everything(status="historical")
    data = {key: value for key, value in source.data.items() if key != "rounding"}
    found = check(PackSource("x", data))
    assert only(found, "status")[0] is Level.ERROR
    assert "rounding is not declared" in only(found, "")[1]


def test_gates_and_sections_without_a_clause_are_warnings() -> None:
    found = check(
        everything(
            benefits__inpatient__where=[{"at": "hospital", "stay": True}],
            eligibility__institution={"designation": "basic"},
            accounts__clause=None,
        )
    )
    for path in ("benefits.inpatient.where[0]", "eligibility.institution", "accounts"):
        assert only(found, path)[0] is Level.WARNING


def version(name: str, starts: date, ends: date | None, **sections: object) -> PackSource:
    until = None if ends is None else ends.isoformat()
    effective = {"from": starts.isoformat(), "to": until}
    return everything(name, effective=effective, known_from=starts.isoformat(), **sections)


YEAR_24, YEAR_25 = date(2024, 1, 1), date(2025, 1, 1)


def between(*sources: PackSource, others: tuple[PackSource, ...] = ()) -> list[tuple[str, Level, str]]:
    """What is found between files, under their names."""
    return [
        (each.source, each.level, each.message)
        for each in check_files(sources, others)
        if each.path.startswith("effective")
    ]


def test_days_that_no_version_covers_are_a_warning() -> None:
    ends = YEAR_25 - timedelta(days=3)
    found = between(version("b", YEAR_25, None), version("a", YEAR_24, ends))
    assert found == [
        ("b", Level.WARNING, "no version of test-everything is in force from 2024-12-29 to 2025-01-01")
    ]
    assert between(version("a", YEAR_24, YEAR_25), version("b", YEAR_25, None)) == []


def test_two_versions_on_one_day_are_an_error_unless_one_corrects_the_other() -> None:
    first = version("a", YEAR_24, None)
    ((name, level, message),) = between(first, version("b", YEAR_25, None))
    assert (name, level) == ("b", Level.ERROR)
    assert "two versions are in force on 2025-01-01" in message
    corrected = version("b", YEAR_24, None)
    data = {**corrected.data, "supersedes": digest_of(first.data)[:12], "known_from": "2024-06-01"}
    assert between(first, PackSource("b", data)) == []


def test_a_file_is_checked_beside_those_that_are_there_already() -> None:
    there = version("there", YEAR_24, None)
    ((name, level, _),) = between(version("new", YEAR_25, None), others=(there,))
    assert (name, level) == ("new", Level.ERROR)


def test_a_benefit_that_two_packs_of_a_region_have_is_an_error() -> None:
    other = everything("b", pack="test-other", known_from="2024-01-01")
    found = between(everything("a"), other)
    assert {name for name, *_ in found} == {"b"}
    assert any("general_outpatient of resident in 990000 is in" in message for *_, message in found)


OVERLAY = """
overlay: local-2024
pack: test-everything
author: 某中心 王某
date: 2024-02-01
authority: 测医保发〔2024〕3号
effective: {from: 2024-03-01, to: null}
benefits:
  general_outpatient:
    ratio: {rows: [{ratio: "0.60"}, {when: {stay: true}, ratio: "0.70"}]}
layers:
  medical_aid:
    ratio: {rows: [{ratio: "0.90", force: assumed}]}
"""


def overlay(text: str = OVERLAY) -> PackSource:
    document = read_yaml(text, "o.yaml")
    assert isinstance(document.data, dict)
    return PackSource("o.yaml", document.data, document.lines)


def test_an_overlay_is_checked_over_its_pack_at_its_own_lines() -> None:
    found = check_files([overlay()], [EVERYTHING])
    (never,) = [each for each in found if each.message.startswith("never applies")]
    assert (never.line, never.level, never.source) == (10, Level.WARNING, "o.yaml")
    (assumed,) = [each for each in found if each.level is Level.WARNING and "assumed" in each.message]
    assert assumed.line == 13


def test_an_overlay_is_told_which_figures_it_leaves_open() -> None:
    (left,) = [each for each in check_files([overlay()], [EVERYTHING]) if "haemodialysis" in each.path]
    assert left.level is Level.INFO
    assert left.message.startswith("not in this overlay: assumed")


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (('ratio: "0.60"', 'ratio: "0.40"'), 10, "POLICY_FLOOR: 0.40"),
        (("pack: test-everything", "pack: test-other"), 3, "no pack 'test-other'"),
        (("general_outpatient:", "daily_outpatient:"), 9, ""),
        (("from: 2024-03-01, to: null", "from: 2023-01-01, to: 2023-06-01"), 7, "no version of"),
        (("author: 某中心 王某\n", ""), 2, "missing key 'author'"),
    ],
)
def test_an_overlay_that_does_not_fit_is_an_error(change: tuple[str, str], line: int, message: str) -> None:
    assert change[0] in OVERLAY
    errors = [
        each
        for each in check_files([overlay(OVERLAY.replace(*change))], [EVERYTHING])
        if each.level is Level.ERROR
    ]
    assert errors
    assert (errors[0].source, errors[0].line) == ("o.yaml", line)
    assert message in errors[0].message


def test_two_overlays_over_one_pack_on_one_day_are_an_error() -> None:
    second = overlay(OVERLAY.replace("local-2024", "local-b"))
    found = check_files([overlay(), PackSource("p.yaml", second.data, second.lines)], [EVERYTHING])
    assert [each.source for each in found if "on the same days" in each.message] == ["p.yaml"]


TAKEN = f"{GENERAL}.cap"


def of_overlay(figures: str) -> dict[str, tuple[Level, str]]:
    head = OVERLAY.partition("benefits:")[0]
    found = check_files([overlay(head + figures)], [EVERYTHING])
    return {each.path: (each.level, each.message) for each in found if "takes away" in each.message}


def test_an_overlay_that_leaves_people_without_a_figure_that_they_had_is_warned_of() -> None:
    rows = '[{when: {scheme: employee}, amount: "5000.00"}]'
    taken = of_overlay(f"benefits: {{general_outpatient: {{cap: {{rows: {rows}}}}}}}\n")
    level, message = taken[TAKEN]
    assert (len(taken), level) == (1, Level.WARNING)
    assert message.startswith("takes away what the pack gives: scheme=resident: 3000.00. Such a settlement")
    assert "is refused with NO_RULE" in message


def test_whoever_is_left_without_a_figure_is_told_apart_by_what_they_had() -> None:
    figures = 'benefits: {chronic_outpatient: {cap: {rows: [{when: {aid: poor}, amount: "1.00"}]}}}\n'
    _, message = of_overlay(figures)["benefits.chronic_outpatient.cap"]
    for had in ("condition=hypertension: 2000.00", "condition=diabetes: 2400.00"):
        assert had in message
    assert "aid=poor" not in message


def test_an_overlay_takes_nothing_away_from_people_who_had_nothing() -> None:
    figures = 'benefits: {chronic_outpatient: {cap: {rows: [{amount: "1.00"}]}}}\n'
    assert of_overlay(figures) == {}
    assert of_overlay(OVERLAY.partition("authority")[2].partition("\n")[2].partition("\n")[2]) == {}
