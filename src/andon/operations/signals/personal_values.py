"""What the values of a column say of people: e-mail addresses, phone numbers, accounts, cards, addresses of machines, national numbers.

Pure. A column is told by most of its values alone, and where digits could be anything, by the digit that checks them: numbers that merely
look so pass it once in ten or a hundred times, a column of them never. What a value was is never part of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address

#: With fewer different values nothing is said; so many of them must be of a kind.
_LEAST, _MOST_ARE = 5, 0.9

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
#: Marks between digits, and a beginning that a mere number does not have.
_PHONE = re.compile(r"(?:\+|00|\(\+?|0(?=\d{1,5}[ ./()-]))[\d ./()-]{6,22}\d")
#: A day, which has marks between digits too.
_DAY = re.compile(r"\d{4}[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./]\d{4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CARD = re.compile(
    r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12})"
)
_SSN = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}")
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]")
_DNI, _DNI_LETTERS = re.compile(r"[XYZ\d]\d{7}-?[A-Z]"), "TRWAGMYFPDXBNJZSQVHLCKE"
_NIR = re.compile(r"[12]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{8}")


def personal_kind(values: Iterable[str | None]) -> str | None:
    """What the values of a column are, in words (`e-mail addresses`); None where they are nothing of the kind, or too few."""
    found = {text for value in values if value is not None and (text := value.strip())}
    if len(found) < _LEAST:
        return None
    return next((words for words, is_one in _KINDS if sum(map(is_one, found)) >= _MOST_ARE * len(found)), None)


def _digits(text: str) -> str:
    return re.sub(r"[ -]", "", text)


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def _is_phone(text: str) -> bool:
    count = sum(each.isdigit() for each in text)
    return 7 <= count <= 15 and _PHONE.fullmatch(text) is not None and _DAY.match(text) is None


def _is_iban(text: str) -> bool:
    iban = text.replace(" ", "").upper()
    if _IBAN.fullmatch(iban) is None:
        return False
    return int("".join(str(int(each, 36)) for each in iban[4:] + iban[:4])) % 97 == 1


def _is_card(text: str) -> bool:
    digits = _digits(text)
    if _CARD.fullmatch(digits) is None:
        return False
    doubled = [int(each) * (2 if place % 2 else 1) for place, each in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _is_ip(text: str) -> bool:
    """An address of a machine; versions of programs, which may have four numbers too, have small ones."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.version == 6 or any(int(part) > 99 for part in text.split("."))


def _is_national(text: str) -> bool:
    """A number that a country gives a person: of the USA, Britain, Spain, France, Germany, the Netherlands."""
    return any(is_one(text) for is_one in (_is_ssn, _is_nino, _is_dni, _is_nir, _is_tax_id, _is_bsn))


def _is_ssn(text: str) -> bool:
    return _SSN.fullmatch(text) is not None


def _is_nino(text: str) -> bool:
    return _NINO.fullmatch(text.upper()) is not None


def _is_dni(text: str) -> bool:
    if _DNI.fullmatch(text) is None:
        return False
    digits = text[:8].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(digits) % 23] == text[-1]


def _is_nir(text: str) -> bool:
    number = text.replace(" ", "")
    if _NIR.fullmatch(number) is None:
        return False
    whole = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(whole) % 97 == int(number[13:])


def _is_tax_id(text: str) -> bool:
    """The German one: eleven digits, of the first ten one or two stand twice or three times, and the last one checks them."""
    number = text.replace(" ", "")
    if not (number.isascii() and number.isdigit() and len(number) == 11) or number[0] == "0":
        return False
    if len(set(number[:10])) not in (8, 9):
        return False
    product = 10
    for each in number[:10]:
        product = ((int(each) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[10])


def _is_bsn(text: str) -> bool:
    """The Dutch one: nine digits that pass the test of eleven."""
    if not (text.isascii() and text.isdigit() and len(text) == 9) or text.startswith("00"):
        return False
    return (sum(int(each) * (9 - place) for place, each in enumerate(text[:8])) - int(text[8])) % 11 == 0


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("e-mail addresses", _is_email),
    ("bank accounts (IBAN)", _is_iban),
    ("card numbers", _is_card),
    ("IP addresses", _is_ip),
    ("national numbers of people", _is_national),
    ("phone numbers", _is_phone),
)
