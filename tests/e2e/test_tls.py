"""A till behind TLS, from enrolment to a sale; and a gateway whose certificate is not the operator's."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from medsettle.cli.run import run
from medsettle.config import TillConfig, read_config
from medsettle.enrolment import Channel, enrol
from medsettle.errors import ConfigError, GatewayAwayError
from medsettle.models import Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, ZHANG, sell, visit
from tests.gateway.rpc.certificates import Authority

pytestmark = pytest.mark.e2e


@dataclass
class Secured:
    """A gateway that speaks TLS, the authority's file, and a till that was enrolled over it."""

    gateway: Gateway
    ca: Path
    config: Path


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority.make()
    certificate, key = authority.issued(folder, "localhost")
    ca = folder / "ca.pem"
    ca.write_bytes(authority.pem)
    settings = {"listen.tls_certificate": str(certificate), "listen.tls_key": str(key)}
    with Gateway(settings=settings) as gateway:
        channel = Channel(f"localhost:{gateway.proxy.port}", ca_file=ca)
        terminal = f"{CLINIC}-01"
        ready = enrol(channel, gateway.enrolment_code(CLINIC), terminal, folder / "till")
        yield Secured(gateway, ca, ready.config_file)


def doctor(config: Path) -> tuple[int, dict[str, Any]]:
    output = io.StringIO()
    code = run(["doctor", "--json", "--config", str(config)], output=output)
    return code, {check["name"]: check for check in json.loads(output.getvalue())["checks"]}


def hasty(secured: Secured, folder: Path) -> TillConfig:
    """The same till with a journal of its own, that gives up soon."""
    return replace(
        read_config(secured.config), journal=folder / "till.journal", deadlines_ms={"GetSale": 400}
    )


def test_a_sale_goes_through_tls(secured: Secured) -> None:
    with Till.open(replace(read_config(secured.config), operator="7")) as till:
        assert sell(secured.gateway, till, ZHANG, visit("500.00")).outcome is Outcome.PAID


def test_doctor_shows_the_version_and_how_long_the_certificate_is_good(secured: Secured) -> None:
    code, checks = doctor(secured.config)
    assert code == 0
    assert checks["tls"]["found"].startswith("TLSv1.")
    assert "valid until" in checks["tls"]["found"]


def test_another_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority.make().pem)
    distrusting = replace(hasty(secured, tmp_path), ca_file=other)
    with Till.open(distrusting) as till, pytest.raises(GatewayAwayError):
        till.probe()
    config = secured.config.with_name("distrusting.toml")
    config.write_text(secured.config.read_text("utf-8").replace(str(secured.ca), str(other)), "utf-8")
    code, checks = doctor(config)
    assert code == 4
    assert not checks["tls"]["ok"]
    assert "tls.ca_file" in checks["tls"]["next"]
    assert "gateway" not in checks


def test_plaintext_to_a_gateway_with_tls_gets_no_answer(secured: Secured, tmp_path: Path) -> None:
    plaintext = replace(hasty(secured, tmp_path), ca_file=None, insecure=True)
    with Till.open(plaintext) as till, pytest.raises(GatewayAwayError):
        till.probe()


def test_plaintext_beyond_this_machine_is_refused_before_anything_is_sent(
    secured: Secured, tmp_path: Path
) -> None:
    elsewhere = replace(hasty(secured, tmp_path), insecure=True, address="gateway.invalid:7443")
    with pytest.raises(ConfigError, match=r"tls\.insecure"):
        Till.open(elsewhere)
