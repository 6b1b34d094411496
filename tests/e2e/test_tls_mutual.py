"""A gateway that asks its tills for certificates lets in those of its authority, while they are valid."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from medsettle.cli.run import run
from medsettle.config import read_config
from medsettle.credentials import write_key
from medsettle.errors import ConfigError, GatewayAwayError, TerminalNotReadyError
from medsettle.models import Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.wire.signing import KeySigner
from tests.e2e.counter import PHARMACY, ZHANG, sell, visit
from tests.e2e.secured import HOST, Secured, another, doctor, enrolled, files_of, hasty
from tests.gateway.rpc.certificates import HOUR, Authority

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("mutual")
    authority, of_tills = Authority.make(), Authority.make()
    certificate, key = of_tills.issued(folder, "till", "till")
    settings = files_of(folder, authority) | {
        "listen.tls_client_ca": str(of_tills.kept(folder, "of-tills")),
    }
    with Gateway(settings=settings) as gateway:
        config = enrolled(gateway, folder, certificate_file=certificate, certificate_key_file=key)
        yield Secured(gateway, folder, of_tills, config)


def test_a_till_with_its_certificate_is_enrolled_and_sells(secured: Secured) -> None:
    with Till.open(replace(read_config(secured.config), operator="7")) as till:
        assert sell(secured.gateway, till, ZHANG, visit("500.00")).outcome is Outcome.PAID
    code, checks = doctor(secured.config)
    assert (code, checks["tls"]["ok"]) == (0, True)


def test_the_command_enrols_with_a_certificate(secured: Secured, tmp_path: Path) -> None:
    code = run([
        "enrol", secured.gateway.enrolment_code(PHARMACY), "--terminal", f"{PHARMACY}-01",
        "--directory", str(tmp_path / "till"), "--gateway", f"{HOST}:{secured.gateway.proxy.port}",
        "--ca", str(secured.ca), "--certificate", str(secured.folder / "till.pem"),
        "--certificate-key", str(secured.folder / "till-key.pem"),
    ])
    assert code == 0
    with Till.open(tmp_path / "till" / "till.toml") as till:
        assert till.probe().answering_key


@pytest.mark.parametrize(("ca", "typed"), [("ca.pem", "--certificate"), ("of-tills.pem", "--ca")])
def test_an_enrolment_that_a_certificate_is_in_the_way_of_names_it(
    secured: Secured, tmp_path: Path, capsys: pytest.CaptureFixture[str], ca: str, typed: str
) -> None:
    code = run([
        "enrol", secured.gateway.enrolment_code(PHARMACY), "--terminal", f"{PHARMACY}-01",
        "--directory", str(tmp_path / "till"), "--gateway", f"{HOST}:{secured.gateway.proxy.port}",
        "--ca", str(secured.folder / ca),
    ])
    complaints = capsys.readouterr().err
    assert code == 2
    assert f"check {typed}" in complaints
    assert "tls." not in complaints


def test_a_till_without_a_certificate_is_not_let_in_and_the_doctor_says_why(
    secured: Secured, tmp_path: Path
) -> None:
    bare = hasty(secured, tmp_path, certificate_file=None, certificate_key_file=None)
    with Till.open(bare) as till, pytest.raises(GatewayAwayError):
        till.probe()
    config = secured.config.with_name("bare.toml")
    lines = secured.config.read_text("utf-8").splitlines()
    config.write_text("\n".join(line for line in lines if not line.startswith("certificate_")), "utf-8")
    code, checks = doctor(config)
    assert code == 4
    assert not checks["tls"]["ok"]
    assert "tls.certificate_file" in checks["tls"]["next"]


@pytest.mark.parametrize(("begins", "ends"), [(-2 * HOUR, -HOUR), (HOUR, 2 * HOUR)])
def test_a_certificate_out_of_its_time_is_not_let_in(
    secured: Secured, tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    files = secured.authority.issued(tmp_path, "till", begins=begins, ends=ends)
    late = hasty(secured, tmp_path, certificate_file=files[0], certificate_key_file=files[1])
    with Till.open(late) as till, pytest.raises(GatewayAwayError):
        till.probe()


def test_a_certificate_of_another_authority_is_not_let_in(secured: Secured, tmp_path: Path) -> None:
    files = Authority.make().issued(tmp_path, "till")
    other = hasty(secured, tmp_path, certificate_file=files[0], certificate_key_file=files[1])
    with Till.open(other) as till, pytest.raises(GatewayAwayError):
        till.probe()


def test_a_certificate_with_the_key_of_another_is_one_clear_sentence(
    secured: Secured, tmp_path: Path
) -> None:
    files = secured.authority.issued(tmp_path, "till")
    mixed = hasty(
        secured, tmp_path, certificate_file=files[0], certificate_key_file=secured.folder / "till-key.pem"
    )
    with pytest.raises(ConfigError, match=r"tls\.certificate_file"):
        Till.open(mixed)


def test_nothing_is_answered_before_the_certificate_is_seen(secured: Secured) -> None:
    context = ssl.create_default_context(cafile=str(secured.ca))
    context.set_alpn_protocols(["h2"])
    address = (HOST, secured.gateway.proxy.gateway_port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        assert heard(connection) == b""


def heard(connection: ssl.SSLSocket) -> bytes:
    """What comes before the end; a connection that is reset has ended too."""
    try:
        return connection.recv(1)
    except OSError:
        return b""


def test_a_certificate_does_not_stand_for_a_signature(secured: Secured, tmp_path: Path) -> None:
    strange = tmp_path / "strange.key"
    write_key(strange, KeySigner.generate())
    other = another(secured, tmp_path, key_file=strange)
    with Till.open(other) as till, pytest.raises(TerminalNotReadyError, match="KEY_UNKNOWN"):
        till.probe()
