"""Who may pay from an account: of a patient on a day, and of those whom a basket names."""

from datetime import date

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.accounts import AsOf, Payers, payers_on
from medsettle_gateway.domain.asked import Basket, Consent, Payer
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import AccountFacts, AccountState
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.service.authority import Cover
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.due import Freed
from medsettle_gateway.service.person import person_keys


def payers_now(freed: Freed, facts: Facts, service_on: date, now: Now) -> Payers:
    """Returns whose accounts may pay for the member today, with what is left of limits in the sale's year."""
    return payers_of(freed, facts, AsOf(day_of(now.at), service_on.year))


def payers_of(freed: Freed, facts: Facts, as_of: AsOf) -> Payers:
    """Returns whose accounts may pay for the member on the day that is asked about.

    What is known now decides, whatever a check has answered: it binds for no account, and an owner who ends a
    binding is obeyed at once.
    """
    (key,) = person_keys(freed.member.member)
    records = facts.of(key)
    return payers_on(freed.member, records, freed.counters, as_of)


def check_payers(basket: Basket, payers: Payers) -> tuple[AccountFacts, ...]:
    """Returns the accounts that may pay, each once, in the order given.

    None named: the patient's own account, unless it is frozen. Raises Refused: ACCOUNT_UNKNOWN,
    BINDING_NOT_BEGUN, BINDING_ENDED, ACCOUNT_FROZEN, FAMILY_LIMIT_REACHED, CONSENT_REQUIRED,
    STANDING_CONSENT_NOT_GIVEN: nobody is asked for consent to what is used up.
    """
    if basket.without_accounts:
        return ()
    accounts = payers.member.accounts
    if not basket.payers:
        own = (account for account in accounts if account.owner is Owner.SELF)
        return tuple(account for account in own if account.state is AccountState.ACTIVE)
    known = {account.account: account for account in accounts}
    named = {payer.account: _named(payer, known.get(payer.account), payers) for payer in basket.payers}
    return tuple(named.values())


def barred(account: AccountFacts | None, cover: Cover) -> Refusal | None:
    """Returns why an account may not pay here: its state, cover, the region's rules, a limit that is used up.

    ``account`` None: the patient has none. None is returned where it may.
    """
    if account is None:
        return Refusal(Reason.NO_OWN_ACCOUNT)
    if not cover.pack:
        return cover.refusal
    if account.owner is Owner.SELF and not cover.own_account:
        return Refusal(Reason.NO_OWN_ACCOUNT)
    if account.state is AccountState.FROZEN:
        return Refusal(Reason.ACCOUNT_FROZEN, {"account": account.account})
    if cover.no_account is not None:
        return cover.no_account
    if account.account not in cover.payers:
        return Refusal(Reason.RELATIVE_NOT_ALLOWED, {"owner": account.owner.value})
    return _used_up(account)


def _named(payer: Payer, account: AccountFacts | None, payers: Payers) -> AccountFacts:
    if account is None:
        why = payers.barred.get(payer.account)
        raise Refused(why or Refusal(Reason.ACCOUNT_UNKNOWN, {"account": payer.account}))
    if account.state is AccountState.FROZEN:
        raise refuse(Reason.ACCOUNT_FROZEN, account=payer.account)
    if account.owner is Owner.SELF:
        return account
    why = _used_up(account)
    if why is not None:
        raise Refused(why)
    if payer.consent is None:
        raise refuse(Reason.CONSENT_REQUIRED, account=payer.account)
    if payer.consent is Consent.STANDING and not account.standing_consent:
        raise refuse(Reason.STANDING_CONSENT_NOT_GIVEN, account=payer.account)
    return account


def _used_up(account: AccountFacts) -> Refusal | None:
    left_fen = account.limit_left_fen
    if left_fen is None or left_fen > 0:
        return None
    return Refusal(Reason.FAMILY_LIMIT_REACHED, {"account": account.account})
