"""What vendors test with: the real gateway, started, killed and started again."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medsettle.config import read_config
from medsettle.errors import GatewayAwayError
from medsettle.testing import Gateway, GatewayFailedError
from medsettle.till import Till

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


def test_a_till_reaches_it_through_the_proxy(gateway: Gateway) -> None:
    with Till.open(gateway.enrol_till("H21030200001")) as till:
        assert till.config.address == gateway.address == gateway.proxy.address
        assert till.probe().round_trip_ms >= 0


def test_both_kinds_of_keys_enrol(gateway: Gateway) -> None:
    with Till.open(gateway.enrol_till("H21030200001", "02", suite="p256")) as till:
        assert till.check_eligibility(gateway.issue_credential("2103000001")).masked_name == "张*"


def test_each_credential_is_another_one(gateway: Gateway) -> None:
    assert gateway.issue_credential("2103000001") != gateway.issue_credential("2103000001")


def test_killed_and_started_again_it_has_its_address_and_its_terminals(gateway: Gateway) -> None:
    address = gateway.address
    config = read_config(gateway.enrol_till("H21030200001", "03"))
    with Till.open(replace(config, deadlines_ms={"GetSale": 300})) as till:
        gateway.kill()
        with pytest.raises(GatewayAwayError):
            till.probe()
    gateway.restart()
    assert gateway.address == address
    with Till.open(config) as till:
        till.probe()


def test_stopped_gently_it_ends_with_0(gateway: Gateway) -> None:
    assert gateway.stop() == 0
    assert not gateway.running
    gateway.restart()


def test_its_books_are_those_of_the_opened_accounts(gateway: Gateway) -> None:
    books = gateway.books()
    assert books["balanced"]
    assert books["accounts"]["balance_fen"] > 0


def test_settings_stand_above_its_configuration(tmp_path: Path) -> None:
    with Gateway(tmp_path / "city", {"log.format": "json"}) as gateway:
        Till.open(gateway.enrol_till("H21030200001")).close()
        assert '"Enrol"' in gateway.log


def test_a_directory_that_was_given_stays_and_is_used_again(tmp_path: Path) -> None:
    with Gateway(tmp_path / "city") as gateway:
        config = gateway.enrol_till("H21030200001")
    assert config.exists()
    with Gateway(tmp_path / "city") as again:
        assert "H21030200001-01" in again.run("terminal", "list", "--config", str(again.config_path))


def test_a_temporary_directory_is_gone_afterwards() -> None:
    with Gateway() as gateway:
        directory = gateway.directory
        assert gateway.config_path.exists()
    assert not directory.exists()


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, {"limits.hold_s": "never"})
    with pytest.raises(GatewayFailedError, match=r"limits\.hold_s"), gateway:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gateway.proxy.port))


def test_a_command_that_fails_says_why(gateway: Gateway) -> None:
    with pytest.raises(GatewayFailedError, match="No member has this number"):
        gateway.issue_credential("nobody")
