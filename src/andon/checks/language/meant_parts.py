"""What the rules of `meant` are made of: parts of patterns, and how what they found is written in the language of checks. Pure."""

# ruff: noqa: E501 - a rule is one line
from __future__ import annotations

import re
from decimal import Decimal

from andon.checks.language.patterns import NAMES
from andon.sql.names import words

#: Parts of patterns, each a group that rules read by its letter.
COLUMN = r'(?P<c>[^\W\d]\w*|"[^"]+")'
COLUMNS = r'(?P<c>(?:[^\W\d]\w*|"[^"]+")(?:\s*(?:,|\band\b|&)\s*(?:[^\W\d]\w*|"[^"]+"))*)'
NUMBER = r"(?P<n>-?\d[\d_]*(?:\.\d+)?)"
OTHER_NUMBER = r"(?P<m>-?\d[\d_]*(?:\.\d+)?)"
DATASET = r"(?P<d>[^\W\d]\w*\.[^\W\d]\w*(?:\.[^\W\d]\w*|\s*\(\s*[^\W\d]\w*\s*\))?)"
BE = r"(?:(?:must|should|has to|have to|shall|needs to|can)\s+)?(?:always\s+)?(?:be\s+|is\s+|are\s+)?"
DAY = r"\d{4}-\d\d-\d\d"
#: A comparison to the one that holds where it does not.
FLIPPED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "<>", "==": "<>", "<>": "=", "!=": "="}
SIGN = r"(?P<o><=|>=|<>|!=|==?|<|>)"
PATTERNS = "|".join(NAMES)
BEFORE = r"(?:the\s+)?(?:previous|last|yesterday|prior|before|earlier|main|production|published)(?:'s)?(?:\s+(?:version|run|day|load|value|rows?|count|one|time))?"
TAIL = r"(?P<tail>(?:\s+(?:where|allow|warn|info)\b.*|\s+\"[^\"]*\")?)"


def listed(names: str) -> str:
    """Names between commas, `and` or `&`, with commas."""
    return ", ".join(part.strip() for part in re.split(r"\s*(?:,|\band\b|&)\s*", names) if part.strip())


def values(text: str) -> str:
    """Elements of a list, quoted where they are no single words; nothing where blanks may part elements or stand in one."""
    text = re.sub(r"\s*(?:,|\bor\b)\s*null\Z", "", text, flags=re.IGNORECASE)  # NULL passes every list
    if re.fullmatch(r"[^\W\d]\w*(?:/[^\W\d]\w*)+", text):
        text = text.replace("/", ",")
    parts = [part.strip() for part in re.split(r"\s*(?:,|\||\bor\b)\s*", text) if part.strip()]
    if len(parts) == 1 and " " in parts[0]:
        parts = _parted(parts[0])
    made = []
    for part in parts:
        bare = part[1:-1] if part[0] == part[-1] and part[0] in "\"'" and len(part) > 1 else part
        is_number = re.fullmatch(r"-?\d[\d_]*(\.\d+)?", bare) is not None
        plain = re.fullmatch(r"[^\W\d]\w*", bare) is not None and bare.lower() not in _NO_ELEMENT
        made.append(bare if plain or (is_number and bare == part) else "'" + bare.replace("'", "''") + "'")
    return ", ".join(made)


def _parted(text: str) -> list[str]:
    """The elements of a list without commas: quoted ones, codes, or three words and more; of two words nobody knows."""
    quoted = re.findall(r"'[^']*'|\"[^\"]*\"", text)
    if quoted:
        return quoted if "".join(quoted) == text.replace(" ", "") or len(quoted) == 1 else []
    parts = text.split()
    return parts if len(parts) > 2 or all(part.isupper() for part in parts) else []


def share(n: str) -> str:
    """A fraction as a share: `0.9` as `90%`."""
    return f"{Decimal(n) * 100:f}".rstrip("0").rstrip(".") + "%" if "." in n else f"{int(n) * 100}%"


def percent(n: str, sign: str | None) -> str:
    """A share as it was meant: `50`, `50%` and `0.5` are 50%."""
    return share(n) if sign is None and "." in n and Decimal(n) <= 1 else f"{n}%"


def european(n: str) -> str:
    """`10.000,50` as `10_000.5`."""
    return f"{Decimal(n.replace('.', '').replace(',', '.')).normalize():,f}".replace(",", "_")


def around(n: str) -> str:
    """A deviation in percent as a range around the whole: `10` as `90%..110%`."""
    return f"{100 - Decimal(n)}%..{100 + Decimal(n)}%"


def unless(condition: str) -> str:
    """The rows for which a condition does not hold."""
    plain = re.fullmatch(r"(\S+)\s*=\s*('[^']*'|[\d.]+)", condition)
    return f"{plain[1]} <> {plain[2]}" if plain else f"not ({condition})"


def moment(text: str) -> str:
    """A day as SQL writes it; a column stays."""
    return f"date '{text}'" if re.fullmatch(DAY, text) else text


def alternatives(text: str) -> str:
    """Alternatives that a LIKE can't mean otherwise; a sign of LIKE's own makes no line."""
    return "" if re.search(r"[%_\\]", text) else text


def unquoted(text: str) -> str:
    """What stands between quotes or slashes, for a text in single quotes."""
    return text.strip().strip("\"'/`").replace("'", "''")


def dataset(text: str) -> str:
    """`shop.customers (id)` as `shop.customers.id`."""
    return re.sub(r"\s*\(\s*(\w+)\s*\)", r".\1", text)


_NO_ELEMENT = frozenset(("null", "and", "or", "not", "where", "allow", "warn", "info", "in"))
UNITS = {"minute": "min", "min": "min", "hour": "h", "h": "h", "hr": "h", "day": "d", "d": "d", "week": "w", "w": "w"}
UNIT = r"(?P<u>minute|min|hour|hr|h|day|d|week|w)s?"
#: Comparisons in words, and in signs of other languages.
WORDED = {
    "greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">", "more than": ">", "larger than": ">",
    "bigger than": ">", "above": ">", "over": ">", "less than": "<", "fewer than": "<", "smaller than": "<", "below": "<",
    "under": "<", "at least": ">=", "at most": "<=", "no more than": "<=", "no less than": ">=", "equal to": "=", "equals": "=",
    "greater or equal": ">=", "less or equal": "<=", "greater or equal to": ">=", "less or equal to": "<=", "greater than or equal": ">=",
    "less than or equal": "<=", "not more than": "<=", "not less than": ">=", "higher than": ">", "lower than": "<", "up to": "<=",
    "not equal to": "<>", "gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "eq": "=", "min": ">=", "max": "<=",
}  # fmt: skip
SIGNS = {
    "=>": ">=",
    "=<": "<=",
    "≥": ">=",
    "≤": "<=",
    "≠": "<>",
    "!==": "<>",
    "===": "=",
    "=!": "<>",
    "! =": "<>",
    "not =": "<>",
}
MOMENTS = {"after": ">", "since": ">=", "before": "<", "until": "<=", "later than": ">", "earlier than": "<"}
FROM = ("not before", "on or after", "not earlier than")
COUNTED = r"(?:row|number of rows|rows?|row[ _]?count|count|volume)s?(?:\(\*?\))?"
#: Words after `is not` that are no values.
NO_VALUE = words(
    """null none in between like negative positive zero empty blank missing unique more less older newer duplicate duplicated repeated
    valid invalid required optional mandatory future past old stale late early numeric integer text long short large small equal same
    different changed greater higher lower above below"""
)
AGGREGATES = {"average": "avg", "mean": "avg", "total": "sum", "stdev": "stddev"}
COMPARED = "|".join(sorted(WORDED, key=len, reverse=True))
AGE = r"(?:max_age|maxage|freshness|fresh|age)"
