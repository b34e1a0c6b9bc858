"""What the name of a column says of its values. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

#: Words that an identifier's name ends in.
_ID_WORDS = frozenset(("id", "key", "uuid", "guid", "sku", "isbn", "ean", "number", "no", "nr", "code", "hash", "ref"))
#: Words of numbers that only name something: no range makes sense for them.
_NAMING_NUMBERS = _ID_WORDS | frozenset(
    ("zip", "plz", "postcode", "phone", "year", "lat", "lon", "latitude", "longitude")
)
#: Patterns of checks that a name points at, by its words.
PATTERN_WORDS = {
    "email": ("email", "mail"),
    "uuid": ("uuid", "guid"),
    "url": ("url", "link", "website", "homepage"),
    "ip": ("ip",),
    "iban": ("iban",),
    "country": ("country",),
    "currency": ("currency",),
    "phone": ("phone", "telephone", "mobile"),
    "slug": ("slug",),
}
#: Words, and two words in one, that mean a person.
_PERSONAL = frozenset(
    (
        *(word for pattern in ("email", "ip", "iban", "phone") for word in PATTERN_WORDS[pattern]),
        *("firstname", "lastname", "fullname", "surname", "dob", "ssn", "passport", "taxid"),
        *("fax", "street", "address", "addressline", "ipaddress"),
    )
)


def words_of(name: str) -> list[str]:
    """The words of a name: `firstPurchase_on` is first, purchase, on."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def looks_like_id(name: str) -> bool:
    """Whether the name is one of an identifier: `id`, `order_id`, `customerKey`, `sku`."""
    found = words_of(name)
    return bool(found) and found[-1] in _ID_WORDS


def only_names(name: str) -> bool:
    """Whether a number of this name only names something."""
    return any(word in _NAMING_NUMBERS for word in words_of(name)[-1:])


def singular(word: str) -> str:
    """`customers` is `customer`, `categories` is `category`, `boxes` is `box`."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def pattern_of(name: str) -> str | None:
    """The pattern of checks that a column of this name would have."""
    found = words_of(name)
    return next((pattern for pattern, words in PATTERN_WORDS.items() if any(word in words for word in found)), None)


def looks_personal(name: str) -> bool:
    """Whether a column of this name tells about a person: `email`, `firstName`, `address_line_2`, `birth_date`."""
    found = [word.rstrip("0123456789") for word in words_of(name)]
    both = [first + second for first, second in pairwise(found)]
    return any(word in _PERSONAL or word.startswith("birth") for word in (*found, *both))
