"""``policy what-if`` answers who would pay more and who less, from a file of baskets or from drawn ones."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli import policy_baskets
from medsettle_gateway.cli.policy import policy
from medsettle_gateway.cli.policy_sample import Sampler
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.policy.facts import age_on
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.what_if import read_basket

ANSHAN = "anshan-employee-outpatient"
RATIO = 'benefits.general_outpatient.ratio.rows=[{ratio: "0.60"}]'
PACKS = [load_pack(source) for source in shipped_packs()]


def run(*words: object, text: str | None = None) -> Result:
    return CliRunner().invoke(policy, ["what-if", *[str(word) for word in words]], input=text)


def basket(name: str, amount: str, **changes: Any) -> str:
    data = {
        "case": name,
        "date": "2024-03-01",
        "patient": {"scheme": "employee", "standing": "active"},
        "institution": {"kind": "clinic", "level": "primary", "designations": ["basic", "pooled_outpatient"]},
        "lines": [{"name": "one", "amount": amount}],
        **changes,
    }
    return json.dumps(data)


BASKETS = "\n".join(
    (
        basket("small", "200.00"), basket("large", "1300.00"), "",
        basket("larger", "2300.00", accounts=[{"owner": "self", "balance": "100.00"}]),
        basket("resident", "10.00", patient={"scheme": "resident", "standing": "adult"}),
    )
)  # fmt: skip


@pytest.fixture
def baskets(tmp_path: Path) -> Path:
    path = tmp_path / "baskets.jsonl"
    path.write_text(BASKETS + "\n", "utf-8")
    return path


def test_the_sums_of_every_payer_are_told(baskets: Path) -> None:
    result = run("--pack", ANSHAN, "--baskets", baskets, "--with", RATIO, "--workers", 1)
    assert result.exit_code == 0, result.output
    for line in (
        "~ 50%(下限) → 60% / 50% (floor) → 60%",
        "4  票据 / baskets",
        "1,500.00           1,800.00            +300.00  统筹基金 / the pooled fund",
        "2,300.00           2,000.00            -300.00  个人负担 / personal part",
        "2   66.7%  减少,共减300.00元 / less, 300.00 in all",
        "1   33.3%  不变 / the same",
        "-200.00  larger",
        "1                1  NOT_FOR_SCHEME",
    ):
        assert line in result.output, result.output
    assert "\x1b" not in result.output


def test_baskets_may_come_from_the_input_and_the_answer_be_read_by_a_script() -> None:
    result = run("--pack", ANSHAN, "--baskets", "-", "--with", RATIO, "--workers", 1, "--json", text=BASKETS)
    said = json.loads(result.stdout)
    assert (said["baskets"], said["settled"]) == (4, 3)
    assert said["personal"]["less"] == {"count": 2, "sum_fen": 30_000}
    assert said["winners"][0] == {"case": "larger", "change_fen": -20_000}
    assert said["refused"] == {"before": {"NOT_FOR_SCHEME": 1}, "after": {"NOT_FOR_SCHEME": 1}}
    assert sum(each["count"] for each in said["personal"]["ranges"]) == 3
    assert "4 baskets in " in result.stderr


def test_processes_come_to_the_same_sums_as_one(baskets: Path) -> None:
    words = ("--pack", ANSHAN, "--with", RATIO, "--json")
    one = run(*words, "--sample", 1_500, "--workers", 1)
    two = run(*words, "--sample", 1_500, "--workers", 2)
    assert one.exit_code == two.exit_code == 0, two.output
    assert json.loads(one.stdout) == json.loads(two.stdout)


def test_a_wrong_basket_is_told_by_its_line_and_nothing_is_summed_up(baskets: Path) -> None:
    with baskets.open("a", encoding="utf-8") as file:
        file.write("{\n" + basket("x", "1") + "\n")
    result = run("--pack", ANSHAN, "--baskets", baskets, "--with", RATIO, "--workers", 1)
    assert result.exit_code == 1
    assert f"{baskets}:6: error: not JSON" in result.stderr
    assert f"{baskets}:7: error: lines[0].amount: expected an amount in yuan" in result.stderr
    assert result.stdout == ""


def test_a_line_without_end_is_no_basket(baskets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_baskets, "LINE_BYTES_MOST", 100)
    result = run("--pack", ANSHAN, "--baskets", baskets, "--with", RATIO, "--workers", 1)
    assert "a basket is at most 100 bytes long" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "benefits.dental.ratio.rows=[]",
            "--with benefits.dental.ratio.rows: no key 'dental' under benefits",
        ),
        ('benefits.general_outpatient.ratio.rows=[{rate: "0.6"}]', "rows[0].rate: unknown key"),
        ("benefits.general_outpatient.ratio.rows=[", "not valid YAML"),
    ],
)
def test_a_change_that_does_not_fit_is_told_where_it_stands(change: str, message: str) -> None:
    result = run("--pack", ANSHAN, "--sample", 1, "--with", change)
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_change_beyond_a_bound_is_calculated_and_flagged(baskets: Path) -> None:
    change = 'benefits.general_outpatient.ratio.rows=[{ratio: "0.40"}]'
    result = run("--pack", ANSHAN, "--baskets", baskets, "--with", change, "--workers", 1)
    assert result.exit_code == 0
    assert "beyond what the document allows: POLICY_FLOOR: 0.40" in result.output
    assert "+200.00  larger" in result.output


@pytest.mark.parametrize(
    "words",
    [
        [], ["--pack", ANSHAN], ["--pack", "moon", "--sample", "1"], ["--sample", "1"],
        ["--pack", ANSHAN, "--with", RATIO], ["--pack", ANSHAN, "--sample", "1", "--with", "x"],
        ["--pack", ANSHAN, "--sample", "1", "--baskets", "-", "--with", RATIO],
        ["--pack", ANSHAN, "--sample", "0"],
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_wrong_usage(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_an_example_is_a_basket_of_the_pack() -> None:
    result = run("--pack", ANSHAN, "--example")
    (line,) = result.stdout.splitlines()
    assert read_basket(json.loads(line), "", ANSHAN).pack == ANSHAN


def test_what_is_drawn_can_be_kept_and_asked_about_again(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jsonl"
    drawn = run("--pack", ANSHAN, "--sample", 30, "--seed", 7)
    path.write_text(drawn.stdout, "utf-8")
    words = ("--pack", ANSHAN, "--with", RATIO, "--workers", 1, "--json")
    kept, again = run(*words, "--baskets", path), run(*words, "--sample", 30, "--seed", 7)
    assert json.loads(kept.stdout) == json.loads(again.stdout)
    assert drawn.stdout != run("--pack", ANSHAN, "--sample", 30, "--seed", 8).stdout


@pytest.mark.parametrize("pack", PACKS, ids=[pack.id for pack in PACKS])
def test_what_is_drawn_fits_every_gate_of_the_pack(pack: Pack) -> None:
    refused = json.loads(run("--pack", pack.id, "--sample", 150, "--with", "title.en=x", "--json").stdout)[
        "refused"
    ]
    gates = {reason for reason in refused["before"] if reason.startswith("NOT_") or reason == "SWITCH_OFF"}
    assert gates == set()


def test_drawn_baskets_use_what_the_pack_declares() -> None:
    source = Path(__file__).parents[1] / "policy" / "everything.yaml"
    sampler = Sampler(load_pack(read_pack(source)), 0)
    drawn = [sampler.basket(number) for number in range(60)]
    assert drawn == [sampler.basket(number) for number in range(60)]
    for data in drawn:
        read_basket(data, "", "test-everything")
        assert data["patient"]["attributes"]["tier"] in {"low", "high"}
        assert data["patient"]["born_on"] < data["date"]
    assert {data["encounter"]["benefit"] for data in drawn} == {
        "inpatient", "chronic_outpatient", "haemodialysis", "general_outpatient",
    }  # fmt: skip
    assert any("admitted" in data["encounter"] for data in drawn)


LOCAL = """
overlay: anshan-new
pack: anshan-employee-outpatient
author: 某中心 王某
date: 2099-01-01
authority: 鞍医保发〔2099〕1号
effective: {from: 2099-01-01, to: null}
benefits: {general_outpatient: {ratio: {rows: [{ratio: "0.60"}]}}}
"""


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.yaml"
    path.write_text(LOCAL, "utf-8")
    return path


def test_a_file_of_local_figures_is_asked_about_as_a_change_of_any_day(baskets: Path, local: Path) -> None:
    words = ("--baskets", baskets, "--pack", ANSHAN, "--workers", 1, "--json")
    whole, typed = run(*words, "--overlay", local), run(*words, "--with", RATIO)
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["payers"] == json.loads(typed.stdout)["payers"]
    assert json.loads(whole.stdout)["personal"]["less"] == {"count": 2, "sum_fen": 30_000}


def test_figures_stand_over_those_of_the_file(baskets: Path, local: Path) -> None:
    words = ("--baskets", baskets, "--pack", ANSHAN, "--workers", 1, "--json", "--overlay", local)
    again = run(*words, "--with", RATIO.replace("0.60", "0.50"))
    assert json.loads(again.stdout)["personal"]["less"]["count"] == 0


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("ratio: {rows", "ratoi: {rows"), 1, "local.yaml:8: error: benefits.general_outpatient.ratoi"),
        (("author: 某中心 王某\n", ""), 1, "missing key 'author'"),
        (("pack: anshan-employee-outpatient", "pack: chengdu-resident"), 2, "lies over chengdu-resident"),
        (("overlay: anshan-new\n", ""), 2, "is no overlay"),
    ],
)
def test_a_file_that_is_no_answer_is_told_of(
    local: Path, change: tuple[str, str], code: int, message: str
) -> None:
    assert change[0] in LOCAL
    local.write_text(LOCAL.replace(*change), "utf-8")
    result = run("--pack", ANSHAN, "--sample", 1, "--overlay", local)
    assert (result.exit_code, message in result.stderr) == (code, True), result.output


def test_each_decile_says_what_it_is(baskets: Path) -> None:
    result = run("--pack", ANSHAN, "--baskets", baskets, "--with", RATIO, "--workers", 1)
    assert "-200.00  最小 / the least" in result.output
    assert "-100.00  50%的票据不超过此数 / 50% of the baskets change by no more" in result.output
    assert "0.00  最大 / the most" in result.output
    assert "1个进程用" in result.stderr


def test_drawn_baskets_are_told_how_to_be_seen() -> None:
    result = run("--pack", ANSHAN, "--sample", 100, "--seed", 3, "--with", RATIO, "--workers", 1)
    assert f"--sample 100 --seed 3 --pack {ANSHAN}" in result.stderr


@pytest.mark.parametrize("pack", PACKS, ids=[pack.id for pack in PACKS])
def test_drawn_patients_and_days_are_possible(pack: Pack) -> None:
    ages = {"active": (16, 75), "retired": (40, 120), "minor": (0, 17), "adult": (18, 120)}
    for data in map(Sampler(pack, 0).basket, range(200)):
        on = date.fromisoformat(data["date"])
        assert pack.in_force(on)
        assert (on - pack.effective_from).days < 366
        assert all(line["kind"] == "drug" for line in data["lines"] if "approved" in line)
        born, standing = data["patient"].get("born_on"), data["patient"]["standing"]
        if born is not None and standing in ages:
            least, most = ages[standing]
            assert least <= age_on(date.fromisoformat(born), on) <= most


def test_drawn_patients_have_used_up_limits_in_part_and_in_full() -> None:
    source = Path(__file__).parents[1] / "policy" / "everything.yaml"
    pack = load_pack(read_pack(source))
    drawn = list(map(Sampler(pack, 0).basket, range(400)))
    paid = [
        data["year_to_date"]["paid"]["general_outpatient"]
        for data in drawn
        if data["encounter"]["benefit"] == "general_outpatient"
    ]
    assert {"0.00", "900.00", "2100.00", "2850.00", "3000.00"} == set(paid)
    assert any("chronic_outpatient/diabetes" in data["year_to_date"].get("paid", {}) for data in drawn)
    assert all("in_scope" in data["year_to_date"]["borne"] for data in drawn)


def test_less_of_a_cap_costs_drawn_patients_something() -> None:
    change = 'benefits.general_outpatient.cap.rows=[{amount: "500.00"}]'
    result = run("--pack", ANSHAN, "--sample", 300, "--with", change, "--workers", 1, "--json")
    assert json.loads(result.stdout)["personal"]["more"]["count"] > 30
