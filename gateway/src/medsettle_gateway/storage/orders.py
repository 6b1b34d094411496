"""Emergency orders in the database: issued and ended by operators, read by everybody."""

from collections.abc import Sequence

from medsettle_gateway.domain.orders import OrderEnd, OrderRecord, SignedOrder, end_text, order_text
from medsettle_gateway.storage.batches import asked_of
from medsettle_gateway.storage.connection import Connection


def put_order(connection: Connection, order: OrderRecord, signature: bytes) -> None:
    """Records a new order, inside a writing transaction. Its id is new."""
    connection.execute(
        "INSERT INTO emergency_orders (id, region, holds_from, holds_to, statement, signature) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            order.id, order.region, order.holds_from.isoformat(), order.holds_to.isoformat(),
            order_text(order), signature,
        ),
    )
    connection.executemany(
        "INSERT INTO emergency_order_places (region, institution, holds_to, id) VALUES (?, ?, ?, ?)",
        [
            (order.region, institution, order.holds_to.isoformat(), order.id)
            for institution in dict.fromkeys(order.institutions or ("",))
        ],
    )


def put_end(connection: Connection, end: OrderEnd, signature: bytes) -> None:
    """Records that an order, which has no end yet, ends before its time."""
    connection.execute(
        "INSERT INTO emergency_order_ends (id, statement, signature) VALUES (?, ?, ?)",
        (end.id, end_text(end), signature),
    )


def all_orders(connection: Connection) -> tuple[SignedOrder, ...]:
    """Returns every order ever issued, by its first day and id."""
    found = connection.execute(
        "SELECT id, emergency_orders.statement, emergency_orders.signature, ends.statement, ends.signature "
        "FROM emergency_orders LEFT JOIN emergency_order_ends AS ends USING (id) ORDER BY holds_from, id"
    )
    return tuple(SignedOrder(*row) for row in found)


def has_institutions(connection: Connection, region: str) -> bool:
    """Returns whether the region has any institution."""
    found = connection.execute("SELECT 1 FROM institutions WHERE region = ? LIMIT 1", (region,)).fetchone()
    return found is not None


def institutions_missing(
    connection: Connection, region: str, codes: Sequence[str]
) -> tuple[str, ...]:
    """Returns those of the codes under which the region has no institution."""
    known = {
        code for (code,) in asked_of(
            connection, "SELECT code FROM institutions WHERE region = :region AND code IN (:among)", codes,
            {"region": region},
        )
    }
    return tuple(code for code in codes if code not in known)
