"""The demo issuer's credentials: recognised while they live, and nothing else is."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import KeySigner, verifier_of
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.demo import KIND, DemoIssuer, DemoResolver, NoResolver
from medsettle_gateway.service.commands import Shown

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LIFE = timedelta(minutes=5)
KEY = KeySigner.generate()
RESOLVER = DemoResolver(verifier_of(KEY.public_key), frozenset({"210300", "210200"}))
ASKED = AskedFor("210300", "P21030200101", Purpose.PURCHASE)
TOKEN = DemoIssuer(KEY).issue("the-id", "m1", "210300", NOW, LIFE)


async def resolve(token: str, now: datetime = NOW, kind: str = KIND) -> ResolvedCredential | Refusal:
    return await RESOLVER.resolve(Shown(kind, token), ASKED, now)


def reason_of(answer: ResolvedCredential | Refusal) -> Reason | None:
    return answer.reason if isinstance(answer, Refusal) else None


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_a_credential_says_whose_it_is_and_which_it_is() -> None:
    assert await resolve(TOKEN) == ResolvedCredential("the-id", "m1", NOW + LIFE)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOW + LIFE - timedelta(seconds=1), None),
        (NOW + LIFE, Reason.CREDENTIAL_EXPIRED),
        (NOW - timedelta(minutes=5), None),
        (NOW - timedelta(minutes=6), Reason.CREDENTIAL_INVALID),
    ],
)
async def test_a_credential_lives_from_its_issue_to_its_end(at: datetime, reason: Reason | None) -> None:
    assert reason_of(await resolve(TOKEN, at)) is reason


def tampered(**changes: Any) -> str:
    form, payload, signature = TOKEN.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join((form, encoded(json.dumps({**content, **changes}).encode()), signature))


@pytest.mark.parametrize(
    "token",
    [
        tampered(sub="m2"),
        tampered(exp=4_000_000_000),
        TOKEN[:-2] + ("AA" if TOKEN[-2:] != "AA" else "BB"),
        TOKEN.replace("MSD1", "MSD2"),
        TOKEN + ".more",
        TOKEN.rpartition(".")[0] + ".",
        DemoIssuer(KeySigner.generate()).issue("the-id", "m1", "210300", NOW, LIFE),
        "210399198504120019",
        "医保电子凭证",
        "..",
        "",
        "MSD1." + "A" * 600 + ".A",
    ],
)
async def test_anything_else_is_not_recognised(token: str) -> None:
    assert reason_of(await resolve(token)) is Reason.CREDENTIAL_INVALID


@pytest.mark.parametrize(("region", "reason"), [
    ("210200", None), ("999999", Reason.CREDENTIAL_OTHER_REGION), ("", Reason.CREDENTIAL_OTHER_REGION),
])
async def test_a_credential_of_a_region_that_is_not_settled_for_is_of_no_use(
    region: str, reason: Reason | None
) -> None:
    answer = await resolve(DemoIssuer(KEY).issue("the-id", "m1", region, NOW, LIFE))
    assert reason_of(answer) is reason
    if isinstance(answer, Refusal):
        assert answer.detail == {"region": region}


async def test_another_kind_of_credential_is_not_accepted() -> None:
    """To show it again, as one that cannot be recognised, would help nobody."""
    assert reason_of(await resolve(TOKEN, kind="identity_card")) is Reason.CREDENTIAL_NOT_ACCEPTED


async def test_without_a_credential_service_nobody_is_recognised() -> None:
    answer = await NoResolver().resolve(Shown(KIND, TOKEN), ASKED, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_INVALID


def test_a_credential_fits_the_contract_and_holds_no_number_of_a_person() -> None:
    assert len(TOKEN) <= 512
    payload = json.loads(base64.urlsafe_b64decode(TOKEN.split(".")[1] + "=="))
    assert set(payload) == {"jti", "sub", "region", "iat", "exp"}
