"""Enrol and RotateKey: one-time codes, proofs, and keys that end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import KeySigner, key_proof_statement
from medsettle_gateway.domain.facts import EnrolCode, State
from medsettle_gateway.domain.place import InstitutionKind, Level, PlaceFact, RegisteredPlace, Specialty
from medsettle_gateway.domain.records import SINCE_EVER
from medsettle_gateway.service.commands import (
    Caller,
    Enrol,
    EnrolAnswer,
    RotateKey,
    RotateKeyAnswer,
)
from medsettle_gateway.service.enrol import code_hash
from tests.gateway.service.borough import enter, place
from tests.gateway.service.world import CLINIC, NOON, REGION, World

CODE = "0123-ABCD-EFGH-JKMN"
TERMINAL = "CLINIC-7"
KEY = KeySigner.generate()
OTHER = KeySigner.generate("p256")


async def a_world() -> World:
    world = await World().started()
    give(world, CODE)
    return world


def give(world: World, code: str) -> None:
    hashed = code_hash(code)
    world.store.tables.enrol_codes[hashed] = EnrolCode(hashed, CLINIC, "7", NOON + timedelta(days=1))


def enrol(signer: KeySigner = KEY, **changes: Any) -> Enrol:
    return replace(Enrol(CODE, signer.suite, signer.public_key, "n1"), **changes)


def rotate(old: KeySigner, new: KeySigner, **changes: Any) -> RotateKey:
    proof = new.sign(key_proof_statement("gateway.test", TERMINAL, new.key))
    caller = Caller(TERMINAL, CLINIC, old.key)
    return replace(RotateKey(caller, new.suite, new.public_key, proof, "n2"), **changes)


async def enrolled(world: World, command: Enrol) -> EnrolAnswer:
    answer = await world.ask(command)
    assert isinstance(answer, EnrolAnswer), answer
    return answer


async def test_a_code_registers_the_key_of_its_terminal() -> None:
    world = await a_world()
    answer = await enrolled(world, enrol())
    assert (answer.terminal, answer.institution_name, answer.audience) == (TERMINAL, "Clinic", "gateway.test")
    assert world.store.tables.terminals[TERMINAL].state is State.ACTIVE
    assert world.store.tables.terminal_keys[KEY.key].active_at(NOON)
    assert answer.not_after == NOON + timedelta(days=365)


async def test_a_terminal_is_told_what_its_institution_is_called_today() -> None:
    world, today = await a_world(), NOON.date()
    for begins, name in ((SINCE_EVER, "旧门诊部"), (today, "新门诊部"), (today + timedelta(days=1), "后来")):
        row = RegisteredPlace(name, REGION, InstitutionKind.CLINIC, Level.PRIMARY, Specialty.GENERAL, ())
        enter(world.store, place(CLINIC), PlaceFact.REGISTERED, row, begins, key=begins.isoformat())
    assert (await enrolled(world, enrol())).institution_name == "新门诊部"


@pytest.mark.parametrize("typed", ["0123abcdefghjkmn", " o123-abcd-efgh-jkmn", "0l23ABCDEFGHJKMN"])
async def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    world = await a_world()
    assert (await enrolled(world, enrol(code=typed))).key == KEY.key


async def test_a_code_works_once() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    assert (await world.refused(enrol(OTHER))).refusal.reason is Reason.ENROL_CODE_INVALID


async def test_a_code_of_another_terminal_is_refused_and_stays_good_for_its_own() -> None:
    world = await a_world()
    before = world.store.tables
    answer = await world.refused(enrol(terminal="CLINIC-8"))
    assert (answer.refusal.reason, answer.recorded) == (Reason.ENROL_CODE_INVALID, False)
    assert answer.refusal.detail == {"terminal": "CLINIC-8", "code_is_for": TERMINAL}
    assert world.store.tables == before
    assert (await enrolled(world, enrol(terminal=TERMINAL))).terminal == TERMINAL


async def test_the_key_that_used_the_code_is_answered_again() -> None:
    world = await a_world()
    first = await enrolled(world, enrol())
    world.clock.forward(days=2)
    assert await enrolled(world, enrol(nonce="n9")) == first


async def test_a_copy_of_the_request_is_refused() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    assert (await world.refused(enrol())).refusal.reason is Reason.NONCE_REPLAYED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "9999"}, Reason.ENROL_CODE_INVALID),
        ({"suite": "p256"}, Reason.KEY_INVALID),
        ({"public_key": b"no key"}, Reason.KEY_INVALID),
    ],
)
async def test_what_is_wrong_registers_nothing(change: dict[str, Any], reason: Reason) -> None:
    world = await a_world()
    before = dict(world.store.tables.terminal_keys)
    answer = await world.refused(enrol(**change))
    assert (answer.refusal.reason, answer.recorded) == (reason, False)
    assert world.store.tables.terminal_keys == before


async def test_a_code_ends() -> None:
    world = await a_world()
    world.clock.forward(days=1)
    assert (await world.refused(enrol())).refusal.reason is Reason.ENROL_CODE_EXPIRED


async def test_a_new_code_ends_the_keys_that_the_terminal_had() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    world.clock.forward(hours=1)
    give(world, "NEW0")
    await enrolled(world, enrol(OTHER, code="NEW0"))
    keys = world.store.tables.terminal_keys
    assert not keys[KEY.key].active_at(world.clock.at)
    assert keys[OTHER.key].active_at(world.clock.at)


async def test_a_new_code_does_not_end_a_suspension() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    terminal = world.store.tables.terminals[TERMINAL]
    world.store.tables.terminals[TERMINAL] = replace(terminal, state=State.SUSPENDED)
    give(world, "NEW0")
    await enrolled(world, enrol(OTHER, code="NEW0"))
    assert world.store.tables.terminals[TERMINAL].state is State.SUSPENDED


async def test_a_key_that_is_known_already_needs_a_new_one() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    give(world, "NEW0")
    again = enrol(code="NEW0", nonce="n8")
    assert (await world.refused(again)).refusal.reason is Reason.KEY_INVALID


async def test_a_rotated_key_overlaps_with_the_old_one() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    answer = await world.ask(rotate(KEY, OTHER))
    assert isinstance(answer, RotateKeyAnswer)
    assert answer.old_not_after == NOON + timedelta(days=7)
    keys = world.store.tables.terminal_keys
    assert keys[KEY.key].active_at(answer.old_not_after - timedelta(seconds=1))
    assert not keys[KEY.key].active_at(answer.old_not_after)
    assert keys[OTHER.key].active_at(answer.not_after - timedelta(seconds=1))


async def test_a_suspended_terminal_gets_no_further_key() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    terminal = world.store.tables.terminals[TERMINAL]
    world.store.tables.terminals[TERMINAL] = replace(terminal, state=State.SUSPENDED)
    assert (await world.refused(rotate(KEY, OTHER))).refusal.reason is Reason.TERMINAL_SUSPENDED
    assert OTHER.key not in world.store.tables.terminal_keys


async def test_an_old_key_never_ends_later_than_it_would_have() -> None:
    world = await a_world()
    ends = (await enrolled(world, enrol())).not_after
    world.clock.at = ends - timedelta(hours=1)
    answer = await world.ask(rotate(KEY, OTHER))
    assert isinstance(answer, RotateKeyAnswer)
    assert answer.old_not_after == ends


async def test_rotating_to_the_same_key_again_answers_the_same() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    first = await world.ask(rotate(KEY, OTHER))
    assert isinstance(first, RotateKeyAnswer)
    assert await world.ask(rotate(KEY, OTHER, nonce="n3")) == first


async def test_no_till_rotates_to_a_key_that_was_revoked() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    await world.ask(rotate(KEY, OTHER))
    keys = world.store.tables.terminal_keys
    keys[OTHER.key] = replace(keys[OTHER.key], revoked_at=world.clock.at)
    answer = await world.refused(rotate(KEY, OTHER, nonce="n3"))
    assert (answer.refusal.reason, answer.recorded) == (Reason.KEY_INVALID, False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"proof": b"\0" * 64}, Reason.KEY_INVALID),
        ({"suite": "ed25519"}, Reason.KEY_INVALID),
        ({"nonce": "n2"}, None),
    ],
)
async def test_a_rotation_needs_a_proof_by_the_new_key(
    change: dict[str, Any], reason: Reason | None
) -> None:
    world = await a_world()
    await enrolled(world, enrol())
    command = rotate(KEY, OTHER, **change)
    if reason is None:
        await world.ask(command)
        reason = Reason.NONCE_REPLAYED
    assert (await world.refused(command)).refusal.reason is reason


async def test_a_key_of_another_terminal_is_not_taken() -> None:
    world = await a_world()
    await enrolled(world, enrol())
    record = world.store.tables.terminal_keys[KEY.key]
    world.store.tables.terminal_keys[OTHER.key] = replace(record, key=OTHER.key, terminal="CLINIC-8")
    assert (await world.refused(rotate(KEY, OTHER))).refusal.reason is Reason.KEY_INVALID
