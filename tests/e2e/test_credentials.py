"""Codes by a credential service that runs as a process, cards by the register, and who came instead."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from medsettle.errors import GatewayAwayError, RefusedError
from medsettle.models import Answer, Collect, Credential, CredentialKind, Outcome, Proxy, Relation
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.blocks import environment
from tests.e2e.counter import CLINIC, PHARMACY, REMEDY, ZHANG, Drawer, agree, enrolled, goods, visit

pytestmark = pytest.mark.e2e

MARK = "marked7d2c"
ZHANG_NUMBER = "210399198504120019"
LI_NUMBER = "210399195609030024"
CARD_NO = "A10210399"
PROXY = Proxy(Relation.CHILD, "张晓标", "21030219850412001X", "13912345678")
PEOPLE = f"""code,id_number,name,region
ec-{MARK}-zhang,{ZHANG_NUMBER},张伟,210300
ec-{MARK}-zhang-2,{ZHANG_NUMBER},张伟,210304
ec-{MARK}-zhang-3,{ZHANG_NUMBER},张伟,210300
ec-{MARK}-li,{LI_NUMBER},李桂兰,210300
CITY:{MARK},{LI_NUMBER},李桂兰,210300
ec-{MARK}-nobody,210302198504120028,某人,210300
ec-{MARK}-dalian,210302198504120044,某人,210200
"""


@dataclass
class Service:
    """The simulated service: where it is, and how it is steered."""

    url: str
    process: "subprocess.Popen[str]"

    def order(self, fault: str = "none", **more: Any) -> None:
        httpx.post(self._path, json={"fault": fault, **more}).raise_for_status()

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = httpx.get(self._path).raise_for_status().json()
        return told

    @property
    def _path(self) -> str:
        return self.url.removesuffix("/localQrCodeQuery") + "/control"


@contextmanager
def simulated(folder: Path) -> Iterator[Service]:
    people = folder / "people.csv"
    people.write_text(PEOPLE, "utf-8")
    command = [sys.executable, "-m", "medsettle_gateway", "credential", "simulate", "--people", str(people)]
    with subprocess.Popen(
        command, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert "credential service simulated at http" in said, said
            yield Service(said.split()[-1], process)
        finally:
            process.terminate()


SETTINGS = """
[[credentials.services]]
url = "{url}"
org_id = "ORG-210300"
attempts = 1
timeout_ms = 2000
life_s = {life_s}

[[credentials.services]]
code_type = "city"
prefix = "CITY:"
url = "{url}"
"""


@contextmanager
def city(folder: Path, service: Service, life_s: int = 300) -> Iterator[Gateway]:
    """The demo city with the service beside its own issuer, and a new social card of Zhang's."""
    gateway = Gateway(folder)
    gateway.run("demo-city", str(folder))
    text = gateway.config_path.read_text("utf-8")
    named = text.replace("[log]", SETTINGS.format(url=service.url, life_s=life_s) + "\n[log]")
    gateway.config_path.write_text(named, "utf-8")
    card = folder / "card.csv"
    card.write_text(
        "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
        "account_yuan,account_state,social_card_no,phone\n"
        f"{ZHANG},张伟,{ZHANG_NUMBER},210300,employee,active,pooled_and_account,none,,2010-01-01,,,,{CARD_NO},"
        "13800000000\n", "utf-8",
    )
    gateway.run("member", "import", str(card), "--config", str(gateway.config_path))
    with gateway:
        yield gateway


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with simulated(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Iterator[Gateway]:
    with city(tmp_path_factory.mktemp("city") / "made", service) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_wrong(service: Service) -> None:
    service.order()


@pytest.fixture(scope="module")
def clinic(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, CLINIC)) as till:
        yield till


@pytest.fixture(scope="module")
def pharmacy(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, PHARMACY)) as till:
        yield till


def settle(till: Till, credential: Credential | str, amount: str = "50.00", **more: Any) -> Any:
    return till.checkout(
        till.next_number(), credential, visit(amount), show=agree, tender=Drawer().tender, **more
    )


def reason_of(till: Till, credential: Credential | str) -> str:
    with pytest.raises(RefusedError) as raised:
        till.quote(credential, visit("50.00"))
    return str(raised.value.reason)


def test_a_code_is_decoded_once_for_quote_and_sale_and_is_used_up(service: Service, clinic: Till) -> None:
    before = service.told["queries"]
    card = settle(clinic, f"ec-{MARK}-zhang")
    assert card.outcome is Outcome.PAID
    told = service.told
    assert told["queries"] == before + 1
    assert told["asked"][-1]["orgId"] == "ORG-210300"
    assert told["asked"][-1]["businessType"] == "01301"
    assert reason_of(clinic, f"ec-{MARK}-zhang") == "CREDENTIAL_USED"


def test_a_pharmacy_asks_for_a_purchase(service: Service, pharmacy: Till) -> None:
    pharmacy.quote(f"ec-{MARK}-li", goods(REMEDY))
    assert service.told["asked"][-1]["businessType"] == "02121"


def test_a_district_of_the_region_is_settled_for(clinic: Till) -> None:
    assert clinic.check_eligibility(f"ec-{MARK}-zhang-2").masked_name == "张*"


@pytest.mark.parametrize(("code", "reason"), [
    (f"ec-{MARK}-nobody", "MEMBER_UNKNOWN"), (f"ec-{MARK}-dalian", "CREDENTIAL_OTHER_REGION"),
    (f"ec-{MARK}-unheard", "CREDENTIAL_INVALID"),
])
def test_who_cannot_be_settled_for_is_told_why(clinic: Till, code: str, reason: str) -> None:
    assert reason_of(clinic, code) == reason


def test_a_city_code_is_read_by_its_own_service(clinic: Till) -> None:
    for credential in (
        Credential(f"CITY:{MARK}"), Credential(f"CITY:{MARK}", CredentialKind.ELECTRONIC, "city")
    ):
        assert clinic.check_eligibility(credential).masked_name == "李**"
    other = Credential(f"CITY:{MARK}", CredentialKind.ELECTRONIC, "province")
    assert reason_of(clinic, other) == "CREDENTIAL_CODE_UNKNOWN"


def test_a_service_that_is_away_is_no_refusal_on_record_and_the_sale_is_settled_later(
    service: Service, gateway: Gateway
) -> None:
    config = enrolled(gateway, CLINIC, "02")
    service.order("away")
    hasty = replace(config, deadlines_ms={"Quote": 300})
    with Till.open(hasty) as till, pytest.raises((RefusedError, GatewayAwayError)):
        till.quote(f"ec-{MARK}-zhang-3", visit("70.00"))
    service.order()
    with Till.open(config) as till:
        assert settle(till, f"ec-{MARK}-zhang-3", "70.00").outcome is Outcome.PAID


@pytest.mark.parametrize("fault", ["away", "broken", "garbage", "busy", "too_long"])
def test_a_check_says_that_it_could_not_be_determined(service: Service, clinic: Till, fault: str) -> None:
    service.order(fault)
    found = clinic.check_eligibility(f"ec-{MARK}-{fault}")
    assert found.covered is Answer.COULD_NOT_BE_DETERMINED


def test_a_code_that_expires_between_quote_and_sale_is_told_so(
    tmp_path: Path, service: Service
) -> None:
    """Of a gateway that remembers nothing: the service is asked anew for the sale."""
    made = city(tmp_path / "made", service, life_s=0)
    with made as forgetful, Till.open(enrolled(forgetful, CLINIC)) as till:
        code = f"ec-{MARK}-zhang-3"
        quoted = till.quote(code, visit("50.00"))
        service.order(expired=[code])
        with pytest.raises(RefusedError) as raised:
            till.settle(till.next_number(), code, visit("50.00"), expected=quoted.split, collect=Collect.NOW)
        assert str(raised.value.reason) == "CREDENTIAL_EXPIRED"


@pytest.mark.parametrize(("card", "amounts"), [
    (Credential(CARD_NO, CredentialKind.SOCIAL_CARD), ("61.00", "62.00")),
    (Credential(ZHANG_NUMBER, CredentialKind.IDENTITY_CARD), ("63.00", "64.00")),
], ids=["social", "identity"])
def test_a_card_settles_and_may_be_shown_again(
    clinic: Till, card: Credential, amounts: tuple[str, str]
) -> None:
    for amount in amounts:
        assert settle(clinic, card, amount).outcome is Outcome.PAID


def test_a_card_of_nobody_is_a_member_who_is_unknown(clinic: Till) -> None:
    assert reason_of(clinic, Credential("B99999999", CredentialKind.SOCIAL_CARD)) == "MEMBER_UNKNOWN"


def test_the_demo_issuer_goes_on_beside_the_service(gateway: Gateway, clinic: Till) -> None:
    assert clinic.check_eligibility(gateway.issue_credential(ZHANG)).masked_name == "张*"


def test_who_came_is_sealed_with_the_sale_and_shown_masked(gateway: Gateway, clinic: Till) -> None:
    card = settle(clinic, Credential(CARD_NO, CredentialKind.SOCIAL_CARD), "65.00", proxy=PROXY)
    shown = json.loads(gateway.run(
        "sale", "show", str(card.request_id), "--json", "--config", str(gateway.config_path)
    ))
    assert shown["proxy"]["relation"] == "child"
    assert shown["proxy"]["name"] == "张**"
    assert PROXY.id_number not in json.dumps(shown)


def test_no_code_number_or_name_stands_in_the_log_or_the_database(gateway: Gateway, clinic: Till) -> None:
    settle(clinic, Credential(ZHANG_NUMBER, CredentialKind.IDENTITY_CARD), "66.00", proxy=PROXY)
    kept = b"".join(path.read_bytes() for path in gateway.directory.glob("gateway.db*"))
    written = gateway.log.encode() + kept
    for secret in (MARK, CARD_NO, PROXY.name, PROXY.id_number, PROXY.phone, "13800000000"):
        assert secret.encode() not in written
