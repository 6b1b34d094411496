"""YAML is read strictly: no surprise becomes a figure."""

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from medsettle_gateway.files import yaml as yaml_module
from medsettle_gateway.files.packs import read_pack, read_text, shipped_packs
from medsettle_gateway.files.yaml import YamlError, read_yaml

POLICIES = Path(str(files("medsettle_gateway"))) / "policies"


def data(text: str) -> object:
    return read_yaml(text, "t.yaml").data


def test_the_values_that_packs_need_keep_their_kind() -> None:
    text = 'a: "1.00"\nb: 3\nc: true\nd: null\ne: [x, -2]\nf: 0.5\ng: text\nh:\n'
    assert data(text) == {
        "a": "1.00", "b": 3, "c": True, "d": None, "e": ["x", -2], "f": 0.5, "g": "text", "h": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "word",
    ["no", "off", "yes", "On", "2023-03-01", "06-01", "1:30", "010", "0x10", "1_000", "TRUE", "1e3", ".5"],
)
def test_a_word_that_only_looks_like_something_else_stays_a_word(word: str) -> None:
    assert data(f"a: {word}") == {"a": word}


def test_every_value_has_the_line_it_is_written_on() -> None:
    text = "a:\n  b:\n    - x: 1\n    - {x: 2,\n       y: 3}\n  c: 4\n"
    lines = read_yaml(text, "t.yaml").lines
    assert {path: lines[path] for path in ("a", "a.b", "a.b[0].x", "a.b[1]", "a.b[1].y", "a.c")} == {
        "a": 1, "a.b": 2, "a.b[0].x": 3, "a.b[1]": 4, "a.b[1].y": 5, "a.c": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"t.yaml: line 3: the key 'a' is written twice"),
        ("x: {a: 1, a: 2}", "written twice"),
        ("a: [1, 2", "line 1: not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("", "empty"),
        ("# nothing", "empty"),
        ("a: !!python/object/apply:os.system [x]", "tag|not used"),
        ("a: !!float x", "is no number"),
        ("a: !!set {x}", "not used|mapping"),
        ("{[1]: 2}", "a key must be a plain word"),
        ("a: \x07", "not valid YAML"),
        ("[" * 40 + "]" * 40, "too deep"),
        ("&a [*a]", "too deep|recursive|not valid"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(YamlError, match=message):
        read_yaml(text, "t.yaml")


def test_an_alias_counts_each_time_it_is_used() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="too many values"):
        data("\n".join(layers))


def test_a_file_may_not_be_larger_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_module, "BYTES_MOST", 10)
    with pytest.raises(YamlError, match="larger than 10 bytes"):
        data("a: 1234567890")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("标题: 鞍山".encode("gbk"))
    with pytest.raises(YamlError, match="not UTF-8"):
        read_text(path)


def test_a_pack_on_disk_is_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("[1]", "utf-8")
    with pytest.raises(YamlError, match="a pack is a mapping"):
        read_pack(path)


def test_the_shipped_packs_are_found_in_the_wheel() -> None:
    names = [source.name for source in shipped_packs()]
    assert "policies/210300_anshan/employee_outpatient.yaml" in names
    assert names == sorted(names)


PIECES = (
    "a", "b: ", "c:", "a b", ": ", " ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "'", '"',
    "''", " # x", "|\n", "|-\n", "|2\n", "|#", ">\n", "&x ", "*x", "!", "!!str ", "? ", "?", "%",
    "%YAML 1.1\n", "1", "0.5", "true", "null", "~", "\\n", "\\", "\\\n", "---\n", "---", "...\n", "\r\n",
    "\r", "\t", "é", "\u2028", "\x85", "\ufeff", "<<: ", "@", "`", "0o7", "=",
)


def read(text: str) -> object:
    """What is read and on which lines it stands, or what is said of it."""
    try:
        return read_yaml(text, "t.yaml")
    except YamlError as error:
        return str(error)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="there is one reader")
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("[" * 20_000)
@example("a:\tb")
@example("!")
@example("{a: " * yaml_module.DEPTH_MOST + "{a: # b\n" + "}" * (yaml_module.DEPTH_MOST + 1))
def test_the_fast_reader_changes_neither_what_is_read_nor_what_is_said_of_it(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        by_python = read(text)
    assert read(text) == by_python


def test_comments_without_end_go_to_pythons_reader_at_once() -> None:
    """Each colon would else look through all that follow: of a file of a megabyte for minutes."""
    found = yaml_module._UNLIKE.search("a:\n" + "# :\n" * 20)
    assert found is not None
    assert len(found[0]) < len("a:\n" + "# :\n" * 20)


def test_every_pack_that_is_shipped_is_read_by_the_fast_reader() -> None:
    texts = [path.read_text("utf-8") for path in POLICIES.rglob("*.yaml")]
    assert texts
    assert [found[0] for text in texts if (found := yaml_module._UNLIKE.search(text))] == []
