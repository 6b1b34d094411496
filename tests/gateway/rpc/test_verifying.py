"""Both ways to check a signature say the same of every key, signature and statement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.wire.signing import KeyInvalidError, KeySigner, verifier_of
from medsettle_gateway.rpc.verifying import SodiumVerifier, quick_verifier_of

pytest.importorskip("nacl", reason="libsodium comes with the extra `fast`")
SIGNERS = {suite: KeySigner.generate(suite) for suite in ("ed25519", "p256")}


@pytest.mark.parametrize("suite", SIGNERS)
@given(statement=st.binary(max_size=300), place=st.integers(0, 63), bit=st.integers(0, 8))
def test_a_signature_is_good_or_bad_by_both(suite: str, statement: bytes, place: int, bit: int) -> None:
    signer = SIGNERS[suite]
    signature = bytearray(signer.sign(statement))
    signature[place % len(signature)] ^= 256 >> bit & 255
    quick, usual = quick_verifier_of(signer.public_key), verifier_of(signer.public_key)
    assert quick.verify(bytes(signature), statement) == usual.verify(bytes(signature), statement)
    assert (quick.key, quick.suite) == (usual.key, usual.suite)


@pytest.mark.parametrize("signature", [b"", b"x", bytes(63), bytes(64), bytes(65), bytes(10_000)])
def test_what_is_no_signature_is_none(signature: bytes) -> None:
    assert not quick_verifier_of(SIGNERS["ed25519"].public_key).verify(signature, b"said")


def test_only_ed25519_is_checked_the_quick_way() -> None:
    quick = {suite: quick_verifier_of(signer.public_key) for suite, signer in SIGNERS.items()}
    assert isinstance(quick["ed25519"], SodiumVerifier)
    assert not isinstance(quick["p256"], SodiumVerifier)


def test_another_statement_is_not_signed() -> None:
    signer = SIGNERS["ed25519"]
    assert not quick_verifier_of(signer.public_key).verify(signer.sign(b"said"), b"not said")


@pytest.mark.parametrize("key", [b"", b"rubbish", bytes(44)])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    with pytest.raises(KeyInvalidError):
        quick_verifier_of(key)
