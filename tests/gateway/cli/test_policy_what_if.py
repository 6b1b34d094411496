"""``policy what-if`` answers who would pay more and who less, from a file of baskets or from drawn ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli import policy_baskets
from medsettle_gateway.cli.policy import policy
from medsettle_gateway.cli.policy_sample import Sampler
from medsettle_gateway.files.packs import read_pack, shipped_packs
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
