"""Prescriptions as operators see them: which there are, who signed them, what became of them."""

from datetime import timedelta

from msgspec import structs

from medsettle.wire.signing import KeySigner, digested_statement, encode
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.facts import KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.moves import (
    KeepPrescription,
    KeepReview,
    KeepWithdrawal,
    PutTerminal,
    PutTerminalKey,
)
from medsettle_gateway.domain.prescriptions import RegisteredPrescription
from medsettle_gateway.storage.facts import write
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC
from tests.gateway.domain.prescribed import REVIEW, SIGNED, WITHDRAWAL, registered

pytestmark = on_both_stores

TERMINAL = f"{CLINIC}-T1"
ZHANG = "2103000001"
SIGNER = KeySigner.generate()


def put(city: City, number: str = "RX-1", member_no: str = ZHANG) -> RegisteredPrescription:
    with city.gateway.reading() as connection:
        member = city.gateway.people(connection, "test").member_of(member_no)
    unsigned = structs.replace(SIGNED, terminal=TERMINAL, key=SIGNER.key, signature="")
    statement = digested_statement(
        unsigned.audience, unsigned.method, unsigned.terminal, unsigned.key, unsigned.timestamp_ms,
        unsigned.nonce, unsigned.request_digest,
    )
    today = day_of(now())
    prescription = registered(
        institution=CLINIC, number=number, member=member, issued_on=today,
        valid_to=today + timedelta(days=9), registered_at=now(),
        signed=structs.replace(unsigned, signature=encode(SIGNER.sign(statement))),
    )
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, (KeepPrescription(prescription),))
    return prescription


def enrol(city: City) -> None:
    record = KeyRecord(
        SIGNER.key, TERMINAL, SIGNER.suite, SIGNER.public_key, now(), now() + timedelta(days=1)
    )
    terminal = TerminalFacts(TERMINAL, CLINIC, "T1", State.ACTIVE)
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, (PutTerminal(terminal), PutTerminalKey(record)))


def test_a_prescription_is_shown_with_all_that_came_after_it(city: City) -> None:
    enrol(city)
    known = put(city)
    review = structs.replace(REVIEW, reviewed_at=now())
    withdrawal = structs.replace(WITHDRAWAL, withdrawn_at=now())
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, (
            KeepReview(CLINIC, "RX-1", review), KeepWithdrawal(CLINIC, "RX-1", withdrawal),
        ))
    said = city.ask("prescription", "show", CLINIC, "RX-1")
    assert (said["state"], said["member"], said["signed_by"]) == ("WITHDRAWN", known.member, TERMINAL)
    assert [drug["left_quantity"] for drug in said["drugs"]] == ["3", "1"]
    assert (said["reviews"][0]["pharmacist"], said["withdrawal"]["reason"]) == ("PH1", "wrong drug")
    assert said["signature_holds"]
    page = city.run("prescription", "show", CLINIC, "RX-1").stdout
    assert "已撤回 withdrawn" in page
    assert "一致 holds" in page


def test_a_signature_that_the_key_on_record_did_not_make_is_said_to_be_wrong(city: City) -> None:
    put(city)
    assert not city.ask("prescription", "show", CLINIC, "RX-1")["signature_holds"]
    assert "不一致 does not hold" in city.run("prescription", "show", CLINIC, "RX-1").stdout


def test_prescriptions_are_listed_by_institution_and_by_member(city: City) -> None:
    put(city)
    put(city, "RX-2", "2103000002")
    numbers = [each["number"] for each in city.ask("prescription", "list")["prescriptions"]]
    assert numbers == ["RX-2", "RX-1"]
    one = city.ask("prescription", "list", "--member", ZHANG)["prescriptions"]
    assert [each["number"] for each in one] == ["RX-1"]
    assert city.ask("prescription", "list", "--institution", "P1")["prescriptions"] == []
    assert "RX-1" in city.run("prescription", "list", "--most", "2").stdout


def test_what_is_not_there_is_said(city: City) -> None:
    assert "没有这张处方" in city.run("prescription", "show", CLINIC, "RX-9", exit_code=1).stderr
    assert "没有这个个人编号" in city.run("prescription", "list", "--member", "9", exit_code=1).stderr
    assert "没有处方" in city.run("prescription", "list").stdout
