"""What is shipped is what was tested: both wheels, outside of the repository."""

import json
import zipfile
from pathlib import Path

import pytest

from medsettle.testing import Gateway
from tests.e2e.blocks import blocks
from tests.e2e.environments import ROOT, Environment, floors, install, output

pytestmark = pytest.mark.wheels

SIGNS = """
from importlib.metadata import version
import medsettle.wire.signing as signing
from google.rpc import error_details_pb2, status_pb2
from medsettle.wire.v1.settlement_pb2 import SettleRequest
body = SettleRequest(request_id="P1-T1-20260702-1-1").SerializeToString()
for suite in ("ed25519", "p256"):
    signer = signing.KeySigner.from_pem(signing.KeySigner.generate(suite).to_pem())
    statement = signing.request_statement("gateway", "/x/Y", "P1-T1", signer.key, 1, "n" * 22, body)
    assert signing.verifier_of(signer.public_key).verify(signer.sign(statement), statement)
assert SettleRequest.FromString(body).request_id == "P1-T1-20260702-1-1"
print(version("grpcio"), version("protobuf"))
"""


SELLS = """
import sys
from medsettle import Basket, CashTender, Line, Till
config, credential = sys.argv[1:]
basket = Basket((Line("XR06AXL193A001010100011", "2", "34.00"),))
cash = CashTender(take=lambda fen: True, give_back=lambda fen: True)
with Till.open(config) as till:
    card = till.checkout("1", credential, basket, show=lambda quote: True, tender=cash, operator="03")
print(card.outcome, card.sale.split().total_fen)
"""

MEMBER, PHARMACY = "2103000001", "P21030200101"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, built as ``make dist`` does."""
    folder = tmp_path_factory.mktemp("dist")
    output("make", "--silent", "dist", f"DIST={folder}", cwd=ROOT)
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def at_floors(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The SDK alone, with the oldest releases that it allows."""
    return install(tmp_path_factory.mktemp("floors"), str(wheels["medsettle"]), *floors("sdk"))


@pytest.fixture(scope="module")
def newest(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The SDK alone, with the newest releases that it allows."""
    return install(tmp_path_factory.mktemp("newest"), str(wheels["medsettle"]))


@pytest.fixture(scope="module")
def operators(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Both packages, as an operator installs them."""
    return install(tmp_path_factory.mktemp("operators"), *map(str, wheels.values()))


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def tracked(package: str, name: str) -> set[str]:
    """Returns what git knows of a package's source, as a wheel names it."""
    prefix = f"{package}/src/"
    listed = output("git", "ls-files", "-z", "--", f"{prefix}{name}", cwd=ROOT)
    return {path.removeprefix(prefix) for path in listed.split("\0") if path}


@pytest.mark.parametrize(("package", "name"), [("sdk", "medsettle"), ("gateway", "medsettle_gateway")])
def test_a_wheel_has_every_file_of_its_package(wheels: dict[str, Path], package: str, name: str) -> None:
    shipped = {path for path in files_of(wheels[name]) if path.startswith(f"{name}/")}
    assert tracked(package, name) <= shipped
    assert f"{name}/py.typed" in shipped


@pytest.mark.parametrize("name", ["medsettle", "medsettle_gateway"])
def test_a_wheel_has_its_licence_and_nothing_beside_its_package(wheels: dict[str, Path], name: str) -> None:
    files = files_of(wheels[name])
    assert any(path.endswith("/licenses/LICENSE") for path in files)
    assert {path.split("/")[0].split("-")[0] for path in files} == {name}


def test_the_sdk_signs_and_serializes_at_its_floors(at_floors: Environment) -> None:
    assert at_floors.run_python(SIGNS).split() == ["1.76.0", "6.31.1"]


def test_the_sdk_signs_and_serializes_at_the_newest(newest: Environment) -> None:
    grpcio, protobuf = newest.run_python(SIGNS).split()
    assert numbers(grpcio) >= (1, 76, 0)
    assert numbers(protobuf) >= (6, 31, 1)


def test_the_sdk_alone_brings_nothing_of_the_gateway(newest: Environment) -> None:
    code = "import importlib.util; print(importlib.util.find_spec('medsettle_gateway'))"
    assert newest.run_python(code).strip() == "None"


def test_the_sdk_sells_at_its_floors(at_floors: Environment, gateway: Gateway) -> None:
    config = gateway.enrol_till(PHARMACY, "61")
    printed = at_floors.run_python(SELLS, str(config), gateway.issue_credential(MEMBER))
    assert printed.split() == ["PAID", "6800"]


def test_the_command_enrols_and_sells_at_the_newest(
    newest: Environment, gateway: Gateway, tmp_path: Path
) -> None:
    code = gateway.enrolment_code(PHARMACY, "62")
    newest.run(
        "medsettle", "enrol", code, "--gateway", gateway.address, "--insecure",
        "--terminal", f"{PHARMACY}-62", "--directory", str(tmp_path),
    )
    printed = newest.run(
        "medsettle", "sell", "XR06AXL193A001010100011*1@34.50", "--yes", "--operator", "03", "--json",
        "--credential", gateway.issue_credential(MEMBER), "--config", str(tmp_path / "till.toml"),
    )
    assert json.loads(printed)["outcome"] == "PAID"


def test_both_wheels_sell_without_the_repository(operators: Environment) -> None:
    [sale] = [block.text for block in blocks(ROOT / "README.md") if block.language == "python"]
    assert "PAID" in operators.run_python(sale)
