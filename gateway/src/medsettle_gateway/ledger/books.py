"""Books and the accounts in them: funds never mix (分账核算).

==============================  ================================================================
book                            accounts
==============================  ================================================================
``<region>/<scheme>/<fund>``    ``benefit`` (what the fund bore), ``payable/<institution>``, ``variance``
                                (what the operator bears of what was shown)
``<region>/<scheme>/accounts``  ``member/<account>``, ``held/<account>``, ``opening``,
                                ``payable/<institution>``, ``upstream/<account>`` (what accounts paid that
                                a remote authority keeps), ``variance`` (what was paid for accounts that do
                                not have it, until somebody makes up for it), and what the region did:
                                ``accrued``, ``subsidy``, ``lapsed``, ``paid_out``
``memo/<institution>``          ``cash/``, ``provider/`` and ``charged/<institution>``
==============================  ================================================================

What somebody may dispose of or is owed stands as a negative sum: an account's balance is minus the sum of
the postings on ``member/<account>``, what holds reserve of it minus that on ``held/<account>``.
"""

from typing import Final

BENEFIT: Final = "benefit"
OPENING: Final = "opening"
VARIANCE: Final = "variance"
_MEMBER: Final = "member/"
_HELD: Final = "held/"


def fund_book(region: str, scheme: str, fund: str) -> str:
    """Returns the book of one fund of a region and scheme."""
    return f"{region}/{scheme}/{fund}"


def accounts_book(region: str, scheme: str) -> str:
    """Returns the book of a region's and scheme's personal accounts."""
    return f"{region}/{scheme}/accounts"


def memo_book(institution: str) -> str:
    """Returns an institution's memo book: what no fund owes."""
    return f"memo/{institution}"


def member(account: str) -> str:
    """Returns where a personal account's available balance is kept."""
    return _MEMBER + account


def held(account: str) -> str:
    """Returns where what holds reserve of a personal account is kept."""
    return _HELD + account


def upstream(account: str) -> str:
    """Returns where it is kept what an account paid whose balance a remote authority keeps."""
    return f"upstream/{account}"


def payable(institution: str) -> str:
    """Returns where it is kept what a book owes an institution."""
    return f"payable/{institution}"


def cash(institution: str) -> str:
    """Returns where an institution's cash parts are kept."""
    return f"cash/{institution}"


def provider(institution: str) -> str:
    """Returns where it is kept what an institution bore itself."""
    return f"provider/{institution}"


def charged(institution: str) -> str:
    """Returns the other side of cash and provider-borne."""
    return f"charged/{institution}"


def available_of(account: str) -> str | None:
    """Returns the personal account whose available balance this is, or None."""
    return account.removeprefix(_MEMBER) if account.startswith(_MEMBER) else None


def held_of(account: str) -> str | None:
    """Returns the personal account whose reserve this is, or None."""
    return account.removeprefix(_HELD) if account.startswith(_HELD) else None
