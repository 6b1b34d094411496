"""A wrong configuration stops the till with one clear sentence that names the key."""

from pathlib import Path

import pytest

from medsettle.config import read_config
from medsettle.credentials import is_private, read_key, write_key
from medsettle.errors import ConfigError
from medsettle.wire import signing
from medsettle.wire.calls import QUOTE, SETTLE
from tests.sdk.counterpart import ROOT

GOOD = f"""
address = "127.0.0.1:7443"
terminal = "P21030000001-01"
audience = "anshan-1"
root_public_key = "{signing.encode(ROOT.public_key)}"
key_file = "till.key"
journal = "till.journal"
"""
PEM_LINE = "-----BEGIN PUBLIC KEY-----"


def read(folder: Path, text: str) -> object:
    (folder / "till.toml").write_text(text, "utf-8")
    return read_config(folder / "till.toml")


def test_what_is_left_out_has_safe_defaults(tmp_path: Path) -> None:
    (tmp_path / "till.toml").write_text(GOOD, "utf-8")
    config = read_config(tmp_path / "till.toml")
    assert (config.insecure, config.ca_file, config.columns) == (False, None, 32)
    assert config.key_file == tmp_path / "till.key"
    assert config.journal == tmp_path / "till.journal"
    assert config.institution == "P21030000001"
    assert config.deadline_ms(SETTLE) == SETTLE.deadline_ms


def test_every_key_is_read(tmp_path: Path) -> None:
    text = GOOD + """
operator = "007"
institution_name = "康宁大药房"
wait_ms = 12000
[tls]
ca_file = "ca.pem"
insecure = false
allow_plaintext_beyond_loopback = true
[deadlines_ms]
Quote = 1500
[receipt]
columns = 48
"""
    (tmp_path / "till.toml").write_text(text, "utf-8")
    config = read_config(tmp_path / "till.toml")
    assert (config.operator, config.institution_name, config.columns) == ("007", "康宁大药房", 48)
    assert config.ca_file == tmp_path / "ca.pem"
    assert config.allow_plaintext_beyond_loopback
    assert (config.deadline_ms(QUOTE), config.wait_ms) == (1500, 12_000)


def test_the_root_may_be_in_pem(tmp_path: Path) -> None:
    body = signing.encode(ROOT.public_key)
    pem = f'root_public_key = """\n{PEM_LINE}\n{body}\n{PEM_LINE.replace("BEGIN", "END")}\n"""'
    text = "\n".join(pem if line.startswith("root") else line for line in GOOD.splitlines())
    (tmp_path / "till.toml").write_text(text, "utf-8")
    assert read_config(tmp_path / "till.toml").root_public_key == ROOT.public_key


@pytest.mark.parametrize(
    ("replaced", "by", "key"),
    [
        ('address = "127.0.0.1:7443"', "", "address"),
        ('"127.0.0.1:7443"', '"127.0.0.1"', "address"),
        ('"127.0.0.1:7443"', '"127.0.0.1:99999"', "address"),
        ('"127.0.0.1:7443"', "7443", "address"),
        ('"P21030000001-01"', '"p2-1"', "terminal"),
        ('"P21030000001-01"', '"P2"', "terminal"),
        ('"anshan-1"', '""', "audience"),
        ("THE_ROOT", "AAAA", "root_public_key"),
        ("THE_ROOT", "not base64!", "root_public_key"),
        ("THE_ROOT", f"{PEM_LINE}x", "root_public_key"),
        ("journal =", "jurnal =", "jurnal"),
        ('"till.key"', "true", "key_file"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, replaced: str, by: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace(replaced.replace("THE_ROOT", signing.encode(ROOT.public_key)), by))
    assert caught.value.details["key"] == key
    assert caught.value.reason == "CONFIG_INVALID"
    cause = caught.value.details["cause"]
    assert caught.value.zh.startswith(f"收银配置的 {key} 不正确:")
    assert caught.value.en == f"{key} in the till's configuration is not right: {cause}."


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[tls]\ninsecure = 1", "tls.insecure"), ("[tls]\nca = 'x'", "tls.ca"),
        ("[deadlines_ms]\nQoute = 1", "deadlines_ms.Qoute"),
        ("[deadlines_ms]\nQuote = 0", "deadlines_ms.Quote"),
        ("wait_ms = 4999", "wait_ms"),
        ("wait_ms = 120001", "wait_ms"),
        ("[deadlines_ms]\nQuote = 999999", "deadlines_ms.Quote"),
        ("[deadlines_ms]\nQuote = 'soon'", "deadlines_ms.Quote"),
        ("[receipt]\ncolumns = 10", "receipt.columns"), ("[receipt]\ncolumns = true", "receipt.columns"),
        ("tls = 1", "tls"),
        ("[tls]\ncertificate_file = 'till.pem'", "tls.certificate_file"),
        ("[tls]\ncertificate_key_file = 'till-tls.key'", "tls.certificate_file"),
        (
            "[tls]\ninsecure = true\ncertificate_file = 'a'\ncertificate_key_file = 'b'",
            "tls.certificate_file",
        ),
    ],
)
def test_a_wrong_key_in_a_table_is_named_with_its_table(tmp_path: Path, table: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD + table)
    assert caught.value.details["key"] == key


def test_a_file_that_is_not_there_is_enrolled_for_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CONFIG_MISSING") as caught:
        read_config(tmp_path / "till.toml")
    assert caught.value.next_zh.startswith("请先注册本机(medsettle enrol)")
    assert caught.value.next_en.startswith("Enrol this till first (medsettle enrol)")
    assert caught.value.details["file"] == str(tmp_path / "till.toml")


def test_a_file_that_cannot_be_read_is_not_taken_for_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CONFIG_INVALID"):
        read_config(tmp_path)


@pytest.mark.parametrize("text", ["address = ", "\x00", "[tls\n"])
def test_what_is_no_toml_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        read(tmp_path, text)


def test_a_key_is_written_for_its_owner_and_read_again(tmp_path: Path) -> None:
    key = signing.KeySigner.generate("p256")
    write_key(tmp_path / "till.key", key)
    assert read_key(tmp_path / "till.key").key == key.key
    assert is_private(tmp_path / "till.key")
    assert [file.name for file in tmp_path.iterdir()] == ["till.key"]


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----"])
def test_a_key_that_cannot_be_read_says_to_enrol(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "till.key").write_bytes(content)
    with pytest.raises(ConfigError, match="KEY_UNREADABLE"):
        read_key(tmp_path / "till.key")
