"""No way leads from an account to cash (套现): every place in the sources that lowers one, and where it goes.

An account pays an institution, of which its money comes back to it alone; a region takes back what it gave.
Cash is paid for an account in one place: a closing, by two people, for a cause of the policy pack.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import moves
from medsettle_gateway.domain.entry import Posting
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.ledger import books
from medsettle_gateway.ledger.transition import BOOKINGS, LOST_BOOKINGS, By, entry_of
from tests.gateway.ledger.test_postings import EFFECT, sale
from tests.house.tree import GATEWAY, modules, named, parsed

SOURCES = modules(GATEWAY)
WAYS = tuple({**BOOKINGS, **LOST_BOOKINGS})
NAMES = tuple(f"{before}-{after}" for before, after in WAYS)
PAYS_OUT = re.compile(r"pay out|paid out|cash out|提现|取现")
PAYABLE = books.payable("I")


def called(name: str) -> set[str]:
    """The modules that call something of this name."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                function = node.func
                own = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
                found |= {named(path)} if own == name else set()
    return found


def holding(pattern: str, *suffixes: str) -> set[str]:
    """The files that hold a text of this pattern."""
    files: Iterator[Path] = (path for suffix in suffixes for path in GATEWAY.rglob(f"*{suffix}"))
    return {named(path) for path in files if re.search(pattern, path.read_text("utf-8"))}


def lowered(postings: tuple[Posting, ...]) -> set[str]:
    """The books in which money leaves an account or a reserve of one."""
    return {
        posting.book for posting in postings
        if posting.amount_fen > 0 and (books.available_of(posting.account) or books.held_of(posting.account))
    }


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_what_a_sale_takes_of_an_account_goes_to_its_reserve_or_to_the_institution(
    way: tuple[SaleState, SaleState]
) -> None:
    before, after = way
    postings = entry_of(before, sale(after), By()).postings
    own = {side(each.account) for each in EFFECT.accounts for side in (books.member, books.held)}
    for book in lowered(postings):
        assert {each.account for each in postings if each.book == book} <= {*own, PAYABLE}


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_what_accounts_pay_moves_no_cash(way: tuple[SaleState, SaleState]) -> None:
    """The cash of a transition is the sale's cash, however much of the sale accounts pay."""
    before, after = way
    without = structs.replace(EFFECT, accounts=())
    memo = [
        tuple(each for each in entry_of(before, sale(after, effect), By()).postings if each.book == "memo/I")
        for effect in (EFFECT, without)
    ]
    assert memo[0] == memo[1]


def test_what_comes_back_of_a_sale_comes_back_to_the_accounts_that_paid_it() -> None:
    paid = entry_of(SaleState.ABSENT, sale(SaleState.SETTLED), By()).postings
    back = entry_of(SaleState.SETTLED, sale(SaleState.REVERSED), By()).postings
    assert sorted(back) == sorted(each._replace(amount_fen=-each.amount_fen) for each in paid)


def test_balances_move_by_entries_alone() -> None:
    assert called("MoveBalance") == {"gateway/src/medsettle_gateway/ledger/transition.py"}
    assert holding(r"(?i)update\s+accounts\s+set\s+(?!state)", ".sql", ".py") == {
        "gateway/src/medsettle_gateway/storage/postgres/statements.sql",
        "gateway/src/medsettle_gateway/storage/sqlite/statements.sql",
    }


def test_of_the_moves_one_alone_names_an_accounts_money() -> None:
    every = Move.__args__
    of_accounts = [each for each in every if "account" in each.__struct_fields__]
    assert of_accounts == [moves.MoveBalance]


def test_beside_sales_a_region_moves_an_account_in_two_places() -> None:
    assert called("of_account") == {
        "gateway/src/medsettle_gateway/storage/accruals.py",
        "gateway/src/medsettle_gateway/storage/subsidies.py",
    }


def test_money_is_paid_out_in_one_place_and_one_command_comes_there() -> None:
    assert holding("paid_out", ".py") == {
        "gateway/src/medsettle_gateway/ledger/books.py",  # where the account of the book is described
        "gateway/src/medsettle_gateway/storage/subsidies.py",
    }
    assert holding(r"subsidies\.close\(", ".py") == {"gateway/src/medsettle_gateway/cli/account.py"}
    assert called("closing_of") == {"gateway/src/medsettle_gateway/cli/account.py"}


def test_that_command_asks_for_a_cause_a_receiver_and_two_people() -> None:
    from medsettle_gateway.cli.account import close

    required = {each.name for each in close.params if each.required}
    assert required >= {"cause", "paid_to", "author", "second"}


def test_no_other_command_says_that_it_pays_out() -> None:
    from click import Command, Group

    from medsettle_gateway.cli.top import top

    def walked(group: Group, before: str = "") -> Iterator[tuple[str, Command]]:
        for name in group.list_commands(None):  # type: ignore[arg-type]
            command = group.get_command(None, name)  # type: ignore[arg-type]
            assert command is not None
            if isinstance(command, Group):
                yield from walked(command, f"{before}{name} ")
            else:
                yield f"{before}{name}", command

    said = {
        name for name, command in walked(top)
        if PAYS_OUT.search(f"{command.help} {command.short_help}")
    }
    assert said == {"account close"}
