"""The words of the command line about a patient and a basket: what was shown, who came, what is bought."""

import argparse
from datetime import date
from pathlib import Path

from medsettle.cli.counter import CARDS
from medsettle.cli.usage import both
from medsettle.models import Relation


def credential(command: argparse.ArgumentParser) -> None:
    """What the patient shows."""
    command.add_argument(
        "--credential", metavar="TOKEN",
        help="医保凭证 what the scanner read; without it one line is read from the input, "
             "which keeps it out of the list of processes",
    )
    command.add_argument("--card", choices=list(CARDS), default="electronic",
                         help="凭证种类 what is shown: electronic credential, identity card or social card, "
                              "of which the number is read (default: electronic)")
    command.add_argument("--code-type", metavar="TYPE",
                         help="码类型 which electronic code, where the gateway reads several "
                              "(default: the national one)")


def eligibility_token(command: argparse.ArgumentParser) -> None:
    """What a check said before."""
    command.add_argument("--eligibility-token", metavar="TOKEN",
                         help="资格查询结果 eligibility_token of a check before: until it ends, what it said "
                              "of cover, filings, rules and catalogue binds")


def proxy(command: argparse.ArgumentParser) -> None:
    """Who came for the patient."""
    command.add_argument("--proxy", choices=[each.value for each in Relation],
                         help="代办人与患者的关系 somebody else came: what he is to the patient; his name, "
                              "identity card number and phone are then read from the input, one line each")


def check(command: argparse.ArgumentParser) -> None:
    """What a check is about."""
    command.add_argument("--benefit", metavar="ID", help="待遇 only this benefit (default: all)")
    command.add_argument("--on", type=day, metavar="DATE", help="日期 the day asked about (default: today)")
    command.add_argument("--item", action="append", default=[], metavar="CODE",
                         help="药品或项目 an item that the patient would like: may a fund pay for it, and "
                              "from which day may it be bought again; may be repeated")
    command.add_argument("--prescription", choices=["none", "own", "external"],
                         help="处方 prescriptions that the patient brings (default: what the place implies)")


def basket(command: argparse.ArgumentParser) -> None:
    """What is bought, and who may pay."""
    command.add_argument("lines", nargs="*", metavar="CODE*QTY@PRICE",
                         help="明细 a line: national item code, quantity, yuan per unit; may be followed by "
                              ",condition=ID ,days=N ,benefit=ID ,on=DATE ,id=LINE ,rx=NUMBER "
                              ",trace=CODE+CODE ,split=yes")
    command.add_argument("--basket", type=Path, metavar="FILE", help="购物篮 a JSON file instead of lines")
    command.add_argument("--rx", action="append", default=[], metavar="NUMBER[@INSTITUTION]",
                         help="处方 a prescription that lines name by rx=NUMBER; with an institution an "
                              "external one (外配处方); may be followed by ,prescriber=ID ,pharmacist=ID "
                              ",issued=DATE; may be repeated")
    command.add_argument("--benefit", metavar="ID",
                         help="待遇 the benefit asked for (default: for each line the first that takes it)")
    command.add_argument("--payer", action="append", default=[], metavar="ACCOUNT[:CONSENT]",
                         help="付款账户 an account that may pay, as check lists it; consent of a relative: "
                              "in-person or standing; may be repeated")
    command.add_argument("--admitted", dest="admitted_on", type=day, metavar="DATE",
                         help="入院日期 first day of a stay")
    command.add_argument("--discharged", dest="discharged_on", type=day, metavar="DATE",
                         help="出院日期 last day of a stay (default: an interim bill)")
    command.add_argument("--emergency", action="store_true",
                         help="急救抢救 rescue that could not choose its place")
    command.add_argument("--no-accounts", action="store_true", help="不用账户 no account pays")


def day(text: str) -> date:
    """Returns the day of an argument. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            both(f"日期应如 2026-01-31,不是 {text!r}", f"it is a date such as 2026-01-31, not {text!r}")
        ) from error
