"""A till behind TLS, from enrolment to a sale; and a gateway whose certificate is not the operator's."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from medsettle.config import read_config
from medsettle.errors import ConfigError, GatewayAwayError
from medsettle.models import Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import ZHANG, sell, visit
from tests.e2e.secured import HOST, Secured, doctor, enrolled, files_of, hasty, spoken
from tests.gateway.rpc.certificates import HOUR, Authority

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority.make()
    with Gateway(settings=files_of(folder, authority)) as gateway:
        yield Secured(gateway, folder, authority, enrolled(gateway, folder))


def test_a_sale_goes_through_tls(secured: Secured) -> None:
    with Till.open(replace(read_config(secured.config), operator="7")) as till:
        assert sell(secured.gateway, till, ZHANG, visit("500.00")).outcome is Outcome.PAID


def test_doctor_shows_the_version_and_how_long_the_certificate_is_good(secured: Secured) -> None:
    code, checks = doctor(secured.config)
    assert code == 0
    assert checks["tls"]["found"].startswith("TLSv1.3")
    assert "valid until" in checks["tls"]["found"]


def test_a_client_of_tls_1_3_is_spoken_to(secured: Secured) -> None:
    assert spoken(secured, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def test_a_client_that_knows_tls_1_2_alone_is_refused(secured: Secured) -> None:
    with pytest.raises(ssl.SSLError):
        spoken(secured, ssl.TLSVersion.TLSv1_2)


def test_an_operator_may_allow_suites_of_tls_1_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-ECDSA-AES256-GCM-SHA384")
    authority = Authority.make()
    with Gateway(settings=files_of(tmp_path, authority)) as gateway:
        older = Secured(gateway, tmp_path, authority, tmp_path)
        assert spoken(older, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"


def test_another_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    other = Authority.make().kept(tmp_path, "other")
    distrusting = hasty(secured, tmp_path, ca_file=other)
    with Till.open(distrusting) as till, pytest.raises(GatewayAwayError):
        till.probe()
    config = secured.config.with_name("distrusting.toml")
    config.write_text(secured.config.read_text("utf-8").replace(str(secured.ca), str(other)), "utf-8")
    code, checks = doctor(config)
    assert code == 4
    assert not checks["tls"]["ok"]
    assert "tls.ca_file" in checks["tls"]["next"]
    assert "gateway" not in checks


def test_a_gateway_under_another_name_than_its_certificates_is_not_trusted(
    secured: Secured, tmp_path: Path
) -> None:
    by_number = hasty(secured, tmp_path, address=f"127.0.0.1:{secured.gateway.proxy.port}")
    with Till.open(by_number) as till, pytest.raises(GatewayAwayError):
        till.probe()
    config = secured.config.with_name("by-number.toml")
    config.write_text(secured.config.read_text("utf-8").replace(f'"{HOST}:', '"127.0.0.1:'), "utf-8")
    code, checks = doctor(config)
    assert (code, checks["tls"]["ok"]) == (4, False)
    assert "127.0.0.1" in checks["tls"]["found"]


@pytest.mark.parametrize(("begins", "ends"), [(-2 * HOUR, -HOUR), (HOUR, 2 * HOUR)])
def test_a_gateway_whose_certificate_is_out_of_its_time_is_not_trusted(
    secured: Secured, tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    certificate, key = secured.authority.issued(tmp_path, HOST, begins=begins, ends=ends)
    settings = {"listen.tls_certificate": str(certificate), "listen.tls_key": str(key)}
    with Gateway(settings=settings) as gateway:
        late = hasty(secured, tmp_path, address=f"{HOST}:{gateway.proxy.port}")
        with Till.open(late) as till, pytest.raises(GatewayAwayError):
            till.probe()


def test_plaintext_to_a_gateway_with_tls_gets_no_answer(secured: Secured, tmp_path: Path) -> None:
    plaintext = hasty(secured, tmp_path, ca_file=None, insecure=True)
    with Till.open(plaintext) as till, pytest.raises(GatewayAwayError):
        till.probe()


def test_plaintext_beyond_this_machine_is_refused_before_anything_is_sent(
    secured: Secured, tmp_path: Path
) -> None:
    elsewhere = hasty(secured, tmp_path, insecure=True, address="gateway.invalid:7443")
    with pytest.raises(ConfigError, match=r"tls\.insecure"):
        Till.open(elsewhere)
