"""The section of credentials: services by configuration alone, and no combination that is unsafe."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from medsettle_gateway.cli.top import top
from medsettle_gateway.config import Config, ConfigError, CredentialService
from medsettle_gateway.files.toml import read_config

FOLDER = Path("somewhere")
URL = "https://ec.example.cn/api/localQrCodeQuery"


def config(credentials: Any = None, **environment: str) -> Config:
    above = {f"MEDSETTLE_GATEWAY__{name.upper()}": value for name, value in environment.items()}
    return Config.of({} if credentials is None else {"credentials": credentials}, above, FOLDER)


def services(*tables: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"services": [{"url": URL, **table} for table in tables], **more}


def test_by_default_codes_are_accepted_and_nobody_reads_them() -> None:
    section = config().credentials
    assert (section.kinds, section.services, section.knows_nobody) == (("electronic",), (), True)


def test_a_service_is_named_with_what_it_wants_to_know() -> None:
    table = {
        "org_id": "ORG1", "ca_file": "tls/ec.pem", "secret_file": "keys/ec", "timeout_ms": 900, "attempts": 3,
    }
    section = config(services(table)).credentials
    assert section.services == (CredentialService(
        url=URL, org_id="ORG1", ca_file=FOLDER / "tls/ec.pem", secret_file=FOLDER / "keys/ec", timeout_ms=900,
        attempts=3,
    ),)
    assert not section.knows_nobody


def test_a_second_code_type_is_one_more_table() -> None:
    found = config(services({}, {"code_type": "city", "prefix": "CITY:"})).credentials.services
    assert [str(each) for each in found] == [f"national {URL}", f"city {URL}"]


def test_cards_are_accepted_where_they_are_named() -> None:
    section = config(credentials__kinds="electronic, social_card").credentials
    assert (section.kinds, section.knows_nobody) == (("electronic", "social_card"), False)


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:8080/localQrCodeQuery", "http://localhost/x", "http://[::1]:1/x", "https://10.1.2.3:8443/x",
])
def test_plaintext_is_for_this_machine_only(url: str) -> None:
    assert config(services({"url": url})).credentials.services[0].url == url


@pytest.mark.parametrize(("credentials", "said"), [
    ({"kinds": ["passport"]}, "must be one of electronic, identity_card, social_card"),
    (services({"url": "http://10.1.2.3/x"}), "must be reached by https"),
    (services({"url": "http://ec.example.cn/x"}), "must be reached by https"),
    (services({"url": "http://127.0.0.1.example.cn/x"}), "must be reached by https"),
    (services({"url": ""}), "must be https://HOST/PATH"),
    (services({"url": "ftp://x/y"}), "must be https://HOST/PATH"),
    (services({"url": "https://user:sesame@x/y"}), "must be https://HOST/PATH"),
    (services({"url": "https://x/y?token=sesame"}), "must be https://HOST/PATH"),
    (services({"url": "https://x:0/y"}), "must be https://HOST/PATH"),
    (services({"url": "https://x:port/y"}), "must be https://HOST/PATH"),
    (services({"code_type": "City Code"}), "code_type has the wrong form"),
    (services({"prefix": "城市"}), "prefix has the wrong form"),
    (services({"org_id": "x" * 41}), "org_id has up to 40 characters"),
    (services({"secret_file": "a", "secret_variable": "B"}), "set one of secret_file and secret_variable"),
    (services({"secret_variable": "Bearer sesame"}), "must be the name of an environment variable"),
    (services({"secret_header": "X: sesame"}), "must be the name of a header"),
    (services({"attempts": 6}), r"services\[1\].attempts must be from 1 to 5"),
    (services({"timeout_ms": 1}), r"services\[1\].timeout_ms must be from 50"),
    (services({"secret": "sesame"}), r"Unknown setting credentials.services\[1\].secret"),
    (services({}, {}), "same code_type"),
    (services({"prefix": "A"}, {"code_type": "b", "prefix": "AB"}), "the prefix of one begins"),
    (services({}, kinds=["social_card"]), "kinds must have electronic"),
    ({"services": [{"url": URL, "code_type": f"c{n}"} for n in range(17)]}, "up to 16"),
    ({"services": {"url": URL}}, r"tables \[\[credentials.services\]\]"),
    ({"services": "x"}, r"tables \[\[credentials.services\]\]"),
])
def test_what_is_unsafe_or_unclear_stops_the_start_and_repeats_no_secret(credentials: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        config(credentials)
    assert "sesame" not in str(raised.value).replace("services[1].secret", "")


def test_services_are_tables_of_the_file_and_no_variable() -> None:
    with pytest.raises(ConfigError, match=r"\[\[credentials.services\]\]"):
        config(credentials__services=URL)


def test_settings_name_where_a_secret_lies_and_never_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EC_SECRET", "sesame")
    path = tmp_path / "gateway.toml"
    path.write_text(f'[[credentials.services]]\nurl = "{URL}"\nsecret_variable = "EC_SECRET"\n', "utf-8")
    assert read_config(path, {}).credentials.services[0].secret_variable == "EC_SECRET"
    for more in ((), ("--json",)):
        shown = CliRunner().invoke(top, ["settings", "--config", str(path), *more])
        assert shown.exit_code == 0
        assert URL in shown.output
        assert "sesame" not in shown.output
