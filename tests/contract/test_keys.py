"""A key that cannot be used is named as such, whatever its bytes are."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from medsettle.wire.signing import KeyInvalidError, KeySigner, verifier_of

UNKNOWN_ALGORITHM = bytes.fromhex(
    "302a300506030065700321005a4ece4d74cc35a794fa"
    "3abaa4b9eedce3ab495bdbb32a969d2d559911b54706"
)
OTHERS: dict[str, rsa.RSAPrivateKey | ed448.Ed448PrivateKey | ec.EllipticCurvePrivateKey] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ed448": ed448.Ed448PrivateKey.generate(),
    "p384": ec.generate_private_key(ec.SECP384R1()),
}


@pytest.mark.parametrize("der", [b"", b"\x30", UNKNOWN_ALGORITHM, UNKNOWN_ALGORITHM[:-1]])
def test_bytes_that_are_no_known_key_are_refused(der: bytes) -> None:
    with pytest.raises(KeyInvalidError):
        verifier_of(der)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_key_of_another_suite_is_refused_on_both_sides(kind: str) -> None:
    private = OTHERS[kind]
    der = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(KeyInvalidError):
        verifier_of(der)
    with pytest.raises(KeyInvalidError):
        KeySigner.from_pem(pem)


@pytest.mark.parametrize("suite", ["ed25519", "p256"])
def test_a_key_survives_its_file(suite: str) -> None:
    signer = KeySigner.generate(suite)
    again = KeySigner.from_pem(signer.to_pem())
    assert (again.suite, again.key, again.public_key) == (suite, signer.key, signer.public_key)
    assert verifier_of(signer.public_key).verify(again.sign(b"statement"), b"statement")
    assert not verifier_of(signer.public_key).verify(again.sign(b"statement"), b"another")


def test_an_unknown_suite_is_refused() -> None:
    with pytest.raises(KeyInvalidError, match="use ed25519 or p256"):
        KeySigner.generate("rsa")
