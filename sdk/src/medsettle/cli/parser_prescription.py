"""The words of ``medsettle prescription``: what is registered, fetched, reviewed and withdrawn."""

import argparse
from collections.abc import Callable
from typing import Any, Final

from medsettle.cli import parser_sale

Making = Callable[[Any, str, str, str], argparse.ArgumentParser]
"""Makes a command of its name and what it does, in Chinese and in English."""

_ACTS: Final = (
    ("处方:登记、查询、审核、撤回。", "Prescriptions that circulate: register, fetch, review, withdraw.")
)


def add(commands: Any, making: Making) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Adds the command with its four acts."""
    command = commands.add_parser(
        "prescription", help=" ".join(_ACTS), description=" ".join(_ACTS), allow_abbrev=False
    )
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    _register(making(acts, "register", "登记处方(医疗机构)。",
                     "Register a prescription for a patient; a repeat with the same content is harmless."))
    _fetch(making(acts, "fetch", "查询患者可配的处方。",
                  "Which prescriptions may be dispensed to the patient? Changes nothing."))
    _review(making(acts, "review", "药师审方;外机构的处方须有患者凭证。",
                   "Record a pharmacist's review; for another institution's prescription the patient shows "
                   "the credential."))
    _withdraw(making(acts, "withdraw", "撤回本机构的处方。",
                     "Take back what is left of a prescription of this institution."))


def _register(command: argparse.ArgumentParser) -> None:
    command.add_argument("number", metavar="NUMBER",
                         help="处方号 1 to 40 letters, digits and hyphens, used once")
    command.add_argument("drugs", nargs="+", metavar="CODE*QTY",
                         help="药品 a drug: national item code and quantity of one dispensing; may be "
                              "followed by ,days=N ,condition=ID ,dosage=TEXT")
    command.add_argument("--prescriber", required=True, metavar="ID", help="医师编码 who prescribes")
    command.add_argument("--issued", type=parser_sale.day, metavar="DATE", help="开具日期 (default: today)")
    command.add_argument("--valid-to", required=True, type=parser_sale.day, metavar="DATE",
                         help="有效期至 the last day on which it may be dispensed")
    command.add_argument("--dispensings", type=int, default=1, metavar="N",
                         help="可配次数 how many times the quantities may be dispensed, 1 to 12 (default: 1)")
    command.add_argument("--diagnosis", action="append", default=[], metavar="CODE",
                         help="诊断 a diagnosis; may be repeated")
    command.add_argument("--dual-channel", action="store_true", help="双通道药品 drugs of dual channel")
    parser_sale.credential(command)
    _operator(command)


def _fetch(command: argparse.ArgumentParser) -> None:
    command.add_argument("--number", default="", metavar="NUMBER", help="处方号 only this one (default: all)")
    command.add_argument("--institution", default="", metavar="ID",
                         help="开方机构 only of this one (default: any)")
    parser_sale.credential(command)
    _operator(command)


def _review(command: argparse.ArgumentParser) -> None:
    command.add_argument("prescription", metavar="NUMBER@INSTITUTION",
                         help="处方号和开方机构 as fetch shows it")
    command.add_argument("--pharmacist", required=True, metavar="ID", help="药师编码 who reviewed it")
    said = command.add_mutually_exclusive_group(required=True)
    said.add_argument("--approve", action="store_true", help="审核通过 it may be dispensed")
    said.add_argument("--reject", metavar="WHY", help="审核不通过 it may not be, and why")
    command.add_argument("--note", default="", metavar="TEXT", help="备注 what else was noted")
    parser_sale.credential(command)
    _operator(command)


def _withdraw(command: argparse.ArgumentParser) -> None:
    command.add_argument("number", metavar="NUMBER", help="处方号 its number")
    command.add_argument("--reason", required=True, metavar="WHY", help="原因 why, for the record")
    _operator(command)


def _operator(command: argparse.ArgumentParser) -> None:
    command.add_argument("--operator", metavar="ID",
                         help="操作员 who works the terminal (default: operator in till.toml)")
