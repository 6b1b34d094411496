"""The configuration: defaults, the file, the environment above it; and one clear sentence for each fault."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.config import Config, ConfigError, LimitsSection
from medsettle_gateway.files.toml import read_config

FOLDER = Path("somewhere")


def config(data: Mapping[str, Any] | None = None, **environment: str) -> Config:
    above = {f"MEDSETTLE_GATEWAY__{name.upper()}": value for name, value in environment.items()}
    return Config.of(data or {}, above, FOLDER)


def test_nothing_said_is_a_gateway_on_this_machine_only() -> None:
    plain = config()
    assert plain.listen.address == "127.0.0.1:50051"
    assert not plain.gateway.demo
    assert not plain.listen.beyond_loopback


def test_the_environment_stands_above_the_file() -> None:
    data = {"gateway": {"id": "file", "demo": False}, "limits": {"hold_s": 5}}
    both = config(data, gateway__id="above", gateway__demo="TRUE", limits__queue_length="7")
    assert (both.gateway.id, both.gateway.demo) == ("above", True)
    assert (both.limits.hold_s, both.limits.queue_length) == (5, 7)


def test_a_list_in_the_environment_is_separated_by_commas() -> None:
    assert config(gateway__regions="210300, 330100").gateway.regions == ("210300", "330100")


def test_other_variables_are_none_of_its_business() -> None:
    assert Config.of({}, {"MEDSETTLE_GATEWAY_CONFIG": "x", "PATH": "y"}, FOLDER) == config()


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    absolute = str(tmp_path / "g.db")
    found = config({"storage": {"path": absolute}, "keys": {"directory": "k"}})
    assert found.storage.path == tmp_path / "g.db"
    assert found.keys.directory == FOLDER / "k"


@pytest.mark.parametrize("name", [each.name for each in fields(LimitsSection)])
def test_every_limit_has_a_range_that_holds_its_default(name: str) -> None:
    (limit,) = (each for each in fields(LimitsSection) if each.name == name)
    least, most = limit.metadata["least"], limit.metadata["most"]
    assert least <= limit.default <= most
    for value in (least - 1, most + 1):
        with pytest.raises(ConfigError, match=f"limits.{name} must be from {least} to {most}, not {value}"):
            config({"limits": {name: value}})
    assert getattr(config({"limits": {name: most}}).limits, name) == most


@pytest.mark.parametrize(
    ("data", "en"),
    [
        ({"gatway": {}}, "Unknown setting [gatway]; there are: gateway,"),
        ({"gateway": {"name": "x"}}, "Unknown setting gateway.name; there are: id, regions, demo."),
        ({"gateway": "x"}, "gateway must be a table [gateway]."),
        ({"gateway": {"id": 7}}, "gateway.id must be a string, not 7."),
        ({"gateway": {"id": "UPPER"}}, "gateway.id must be lower-case letters"),
        ({"gateway": {"id": ""}}, "gateway.id must be lower-case letters"),
        ({"gateway": {"demo": "yes"}}, "gateway.demo must be true or false, not 'yes'."),
        ({"gateway": {"regions": "210300"}}, "gateway.regions must be a list of strings, not '210300'."),
        ({"gateway": {"regions": ["2103"]}}, "'2103' in gateway.regions must be a pooling region code"),
        ({"gateway": {"regions": [210300]}}, "gateway.regions must be a string, not 210300."),
        ({"listen": {"address": "localhost"}}, "listen.address must be host:port"),
        ({"listen": {"address": "localhost:70000"}}, "listen.address must be host:port"),
        ({"listen": {"address": "0.0.0.0:50051"}}, "can be reached from other machines"),
        ({"listen": {"tls_key": "k"}}, "must be set together"),
        ({"listen": {"tls_certificate": "k"}}, "must be set together"),
        ({"listen": {"tls_client_ca": "c"}}, "needs listen.tls_certificate"),
        ({"limits": {"hold_s": "600"}}, "limits.hold_s must be a whole number, not '600'."),
        ({"limits": {"hold_s": 1.5}}, "limits.hold_s must be a whole number, not 1.5."),
        ({"limits": {"hold_s": True}}, "limits.hold_s must be a whole number, not True."),
        ({"storage": {"path": 1}}, "storage.path must be a path, not 1."),
        ({"storage": {"path": ""}}, "storage.path must be a path, not ''."),
        ({"log": {"level": "loud"}}, "log.level must be one of debug, info, warning, error, not 'loud'."),
        ({"log": {"format": "xml"}}, "log.format must be one of text, json, not 'xml'."),
    ],
)
def test_a_wrong_setting_is_one_sentence_in_each_language(data: Mapping[str, Any], en: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(data)
    assert en in refused.value.en
    assert str(refused.value) == f"{refused.value.zh}\n{refused.value.en}"
    assert "\n" not in refused.value.zh + refused.value.en
    assert refused.value.zh.endswith("。")
    assert refused.value.en.endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "en"),
    [
        ("gateway__name", "x", "Unknown setting MEDSETTLE_GATEWAY__GATEWAY__NAME"),
        ("nowhere__id", "x", "Unknown setting MEDSETTLE_GATEWAY__NOWHERE__ID"),
        ("gateway", "x", "Unknown setting MEDSETTLE_GATEWAY__GATEWAY"),
        ("limits__hold_s", "ten", "limits.hold_s must be a whole number, not 'ten'."),
        ("limits__hold_s", "-1", "limits.hold_s must be a whole number, not '-1'."),
        ("gateway__demo", "maybe", "gateway.demo must be true or false, not 'maybe'."),
    ],
)
def test_a_wrong_variable_is_refused_like_a_wrong_setting(name: str, value: str, en: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(None, **{name: value})
    assert en in refused.value.en


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"])
def test_this_machine_alone_needs_no_tls(host: str) -> None:
    listen = config({"listen": {"address": f"{host}:0"}}).listen
    assert (listen.host, listen.port) == (host, 0)


@pytest.mark.parametrize("host", [
    "0.0.0.0",  # noqa: S104 - refused
    "[::]", "10.0.0.7", "192.168.1.4", "[2001:db8::7]", "[fe80::1]", "gateway.example", "LOCALHOST",
    "localhost.example", "127.1", "0",
])
def test_an_address_that_others_may_reach_is_refused_without_tls(host: str) -> None:
    with pytest.raises(ConfigError, match="can be reached from other machines"):
        config({"listen": {"address": f"{host}:7443"}})
    told = {"address": f"{host}:7443", "allow_plaintext_beyond_loopback": True}
    assert config({"listen": told}).listen.beyond_loopback


def test_listening_beyond_it_needs_tls_or_a_clear_word() -> None:
    tls = {"tls_certificate": "c", "tls_key": "k"}
    assert config({"listen": {"address": "0.0.0.0:1", **tls}}).listen.beyond_loopback
    assert config({"listen": {"address": "[::]:1", "allow_plaintext_beyond_loopback": True}}).listen.port == 1


def test_a_front_that_is_none_and_one_that_cannot_speak_tls_are_refused() -> None:
    assert config({"listen": {"front": "fast"}}).listen.front == "fast"
    with pytest.raises(ConfigError, match="must be one of aio, fast"):
        config({"listen": {"front": "slow"}})
    with pytest.raises(ConfigError, match="speaks no TLS"):
        config({"listen": {"front": "fast", "tls_certificate": "c", "tls_key": "k"}})


def test_a_file_is_read_from_its_own_folder(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('\ufeff[gateway]\nid = "from-file"\n', "utf-8")
    found = read_config(path, {})
    assert (found.gateway.id, found.storage.path) == ("from-file", tmp_path / "gateway.db")


@pytest.mark.parametrize(
    ("content", "en"),
    [
        (b"[gateway", "is not TOML in UTF-8"),
        ("[gateway] # 网关".encode("gb18030"), "is not TOML in UTF-8"),
        (b"#" * 2_000_000, "is larger than"),
    ],
    ids=["form", "encoding", "size"],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes, en: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        read_config(path, {})
    assert en in refused.value.en


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read the configuration"):
        read_config(tmp_path / "gateway.toml", {})
