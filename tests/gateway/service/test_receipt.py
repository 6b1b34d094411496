"""What is printed: anyone can check it, and it names nobody."""

import json

from medsettle_gateway.service.receipt import STATEMENT, payload_of
from medsettle_gateway.service.signed_token import decode
from tests.gateway.service.world import CheapSigner, World, split


async def test_a_receipt_is_signed_and_states_the_sale() -> None:
    world = await World().started(a_father=30_000)
    sale = await world.settled()
    form, payload, signature, certificate = sale.receipt_token.split(".")
    assert form == "MS1"
    assert CheapSigner().sign(STATEMENT + decode(payload))[0] == decode(signature)
    assert certificate == "statement~signature"
    assert json.loads(decode(payload)) == payload_of(sale) == {
        "i": "CLINIC", "t": sale.request_id.text, "d": "2026-07-02",
        "p": {"pooled": 10_000}, "a": 30_000, "c": 10_000, "g": payload_of(sale)["g"],
    }
    assert sale.split == split(10_000, 10_000, **{"a-father": 30_000})


async def test_a_receipt_names_no_person_account_or_goods() -> None:
    world = await World().started(a_father=30_000)
    sale = await world.settled()
    text = decode(sale.receipt_token.split(".")[1]).decode()
    assert not [word for word in ("m-father", "a-father", "张", "DRUG") if word in text]


async def test_a_hold_has_no_receipt_until_it_is_confirmed() -> None:
    world = await World().started(a_father=100_000)
    held = await world.held()
    assert held.receipt_token == ""
    settled = await world.sale(world.confirm(held))
    assert settled.receipt_token
    reversed_ = await world.sale(world.reverse(held.request_id))
    assert reversed_.receipt_token == settled.receipt_token


async def test_the_digest_of_a_receipt_is_of_the_stored_result() -> None:
    world = await World().started(a_father=100_000, a_daughter=0)
    first, second = await world.settled(50_000), await world.settled(50_001)
    assert payload_of(first)["g"] != payload_of(second)["g"]
