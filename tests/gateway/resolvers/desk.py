"""What tests of credentials share: people, a register, a transport that is told what to say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import AskedFor, CodeHolder, Purpose
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.codes import CodeService, Memory
from medsettle_gateway.resolvers.ec_query import Place
from medsettle_gateway.resolvers.people import NumberKind, Registered
from medsettle_gateway.resolvers.transport import AwayError, TransportError
from medsettle_gateway.service.commands import Shown

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LIFE = timedelta(minutes=5)
ZHANG = CodeHolder("code-zhang", "21030219850412001X", "张三", "210300")
LI = CodeHolder("code-li", "210302195807020020", "李四", "210300")
ASKED = AskedFor("210300", "P21030200101", Purpose.PURCHASE, "li")


def registered(
    member: str, region: str = "210300", since: date = date(2020, 1, 1), until: date | None = None
) -> Registered:
    return Registered(member, region, since, until)


@dataclass
class PaperRegister:
    """The register as a dictionary; counts how often it was asked."""

    people: dict[tuple[NumberKind, str], list[Registered]] = field(default_factory=dict, repr=False)
    asked: int = 0

    async def known_by(self, kind: NumberKind, number: str) -> Sequence[Registered]:
        self.asked += 1
        return self.people.get((kind, number), [])


def a_register() -> PaperRegister:
    return PaperRegister({
        (NumberKind.ID_NUMBER, ZHANG.id_number): [registered("m-zhang")],
        (NumberKind.ID_NUMBER, LI.id_number): [registered("m-li")],
        (NumberKind.SOCIAL_CARD, "A12345678"): [registered("m-zhang")],
    })


@dataclass
class Line:
    """A transport that says what it is told to: bytes, or an error that it raises."""

    says: list[bytes | TransportError] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, request: bytes) -> bytes:
        self.sent.append(json.loads(request))
        if not self.says:
            raise AwayError("nothing is said")
        said = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(said, TransportError):
            raise said
        return said

    async def close(self) -> None:
        """Nothing is held."""


def person(holder: CodeHolder = ZHANG, region: str = "", token: str = "ec-token") -> bytes:
    data = {"idNo": holder.id_number, "ecToken": token, "insuOrg": region or holder.region}
    return json.dumps({"code": 0, "message": "成功", "data": data}).encode()


def refused(message: str) -> bytes:
    return json.dumps({"code": -1, "message": message}).encode()


def a_service(line: Line, register: PaperRegister | None = None, life: timedelta = LIFE) -> CodeService:
    return CodeService(
        "national", line, register or a_register(), Place(), frozenset({"210300"}), Memory(b"m" * 32, 100),
        b"i" * 32, life,
    )


def shown(code: str = ZHANG.code, code_type: str = "") -> Shown:
    return Shown("electronic", code, code_type)


def reason_of(answer: ResolvedCredential | Refusal) -> Reason | None:
    return answer.reason if isinstance(answer, Refusal) else None
