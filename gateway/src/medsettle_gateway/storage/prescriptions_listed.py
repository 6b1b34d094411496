"""Prescriptions for operators: which there are, the latest first."""

from collections.abc import Sequence
from typing import Any, Final

from medsettle_gateway.domain.keys import PrescriptionKey
from medsettle_gateway.domain.prescriptions import PrescriptionFacts
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.sealing import Sealer

_LIST: Final = (
    "SELECT institution, number FROM prescriptions "
    "WHERE (:institution = '' OR institution = :institution) AND (:member = '' OR member = :member) "
    "ORDER BY registered_at_us DESC, institution, number LIMIT :most"
)


def prescriptions_listed(
    connection: Connection, sealer: Sealer, most: int, *, institution: str = "", member: str = ""
) -> tuple[PrescriptionFacts, ...]:
    """Returns the latest prescriptions, at most so many; empty texts ask for any."""
    values: dict[str, Any] = {"institution": institution, "member": member, "most": most}
    rows: Sequence[Any] = connection.execute(_LIST, values).fetchall()
    keys = [PrescriptionKey(*row) for row in rows]
    facts = load(connection, sealer, keys)
    found = (facts.of(key) for key in keys)
    return tuple(each for each in found if each is not None)
