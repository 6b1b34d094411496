"""Both ways to sign with a key make the same bytes, and neither tells the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.wire.signing import KeySigner, verifier_of
from medsettle_gateway.rpc.signing import SodiumSigner, quick_signer_of

pytest.importorskip("nacl", reason="libsodium comes with the extra `fast`")
USUAL = KeySigner.generate("ed25519")
QUICK = quick_signer_of(USUAL)


@given(statement=st.binary(max_size=300))
def test_the_quick_way_makes_the_same_signature(statement: bytes) -> None:
    assert QUICK.sign(statement) == USUAL.sign(statement)
    assert verifier_of(QUICK.public_key).verify(QUICK.sign(statement), statement)


def test_the_key_is_known_by_the_same_name_either_way() -> None:
    assert isinstance(QUICK, SodiumSigner)
    assert (QUICK.key, QUICK.suite, QUICK.public_key) == (USUAL.key, USUAL.suite, USUAL.public_key)


def test_a_key_of_another_suite_signs_as_it_did() -> None:
    other = KeySigner.generate("p256")
    assert quick_signer_of(other) is other


def test_the_private_key_stands_in_no_text_of_it() -> None:
    private = "".join(USUAL.to_pem().decode().splitlines()[1:-1])
    assert private not in repr(QUICK)
    assert private not in str(QUICK)
