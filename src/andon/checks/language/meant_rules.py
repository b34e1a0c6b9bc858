"""The rules of `meant`: a pattern, and what to write instead. Two patterns of one meaning are two rules."""

# ruff: noqa: E501 - a rule is one line
from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from andon.sql.names import words

_C = r'(?P<c>[^\W\d]\w*|"[^"]+")'
_CS = r'(?P<c>(?:[^\W\d]\w*|"[^"]+")(?:\s*(?:,|\band\b|&)\s*(?:[^\W\d]\w*|"[^"]+"))*)'
_N = r"(?P<n>-?\d[\d_]*(?:\.\d+)?)"
_M = r"(?P<m>-?\d[\d_]*(?:\.\d+)?)"
_D = r"(?P<d>[^\W\d]\w*\.[^\W\d]\w*(?:\.[^\W\d]\w*|\s*\(\s*[^\W\d]\w*\s*\))?)"
_BE = r"(?:(?:must|should|has to|have to|shall|needs to|can)\s+)?(?:always\s+)?(?:be\s+|is\s+|are\s+)?"
_DAY = r"\d{4}-\d\d-\d\d"
_FLIPPED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "<>", "==": "<>", "<>": "=", "!=": "="}
_OP = r"(?P<o><=|>=|<>|!=|==?|<|>)"
_PATTERNS = "email|uuid|iban|url|ip|phone|date|country|currency|luhn|slug|ipv4|ipv6|hex|digits"
_BEFORE = r"(?:the\s+)?(?:previous|last|yesterday|prior|before|earlier|main|production|published)(?:'s)?(?:\s+(?:version|run|day|load|value|rows?|count|one|time))?"
_TAIL = r"(?P<tail>(?:\s+(?:where|allow|warn|info)\b.*|\s+\"[^\"]*\")?)"

Make = Callable[["re.Match[str]"], str]


def _listed(names: str) -> str:
    return ", ".join(part.strip() for part in re.split(r"\s*(?:,|\band\b|&)\s*", names) if part.strip())


def _values(text: str) -> str:
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
    words = text.split()
    return words if len(words) > 2 or all(word.isupper() for word in words) else []


def _share(n: str) -> str:
    """A fraction as a share: `0.9` as `90%`."""
    return f"{Decimal(n) * 100:f}".rstrip("0").rstrip(".") + "%" if "." in n else f"{int(n) * 100}%"


def _plain_number(n: str) -> str:
    """`10.000,50` as `10_000.5`."""
    return f"{Decimal(n.replace('.', '').replace(',', '.')).normalize():,f}".replace(",", "_")


def _percent(n: str, sign: str | None) -> str:
    """A share as it was meant: `50`, `50%` and `0.5` are 50%."""
    return _share(n) if sign is None and "." in n and Decimal(n) <= 1 else f"{n}%"


def _around(n: str) -> str:
    """A deviation in percent as a range around the whole: `10` as `90%..110%`."""
    return f"{100 - Decimal(n)}%..{100 + Decimal(n)}%"


def _unless(condition: str) -> str:
    """The rows for which a condition does not hold."""
    plain = re.fullmatch(r"(\S+)\s*=\s*('[^']*'|[\d.]+)", condition)
    return f"{plain[1]} <> {plain[2]}" if plain else f"not ({condition})"


def _moment(text: str) -> str:
    """A day as SQL writes it; a column stays."""
    return f"date '{text}'" if re.fullmatch(_DAY, text) else text


def _alternatives(text: str) -> str:
    """Alternatives that a LIKE can't mean otherwise; a sign of LIKE's own makes no line."""
    return "" if re.search(r"[%_\\]", text) else text


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'/`").replace("'", "''")


def _dataset(text: str) -> str:
    """`shop.customers (id)` as `shop.customers.id`."""
    return re.sub(r"\s*\(\s*(\w+)\s*\)", r".\1", text)


_NO_ELEMENT = frozenset(("null", "and", "or", "not", "where", "allow", "warn", "info", "in"))
_UNITS = {"minute": "min", "min": "min", "hour": "h", "h": "h", "hr": "h", "day": "d", "d": "d", "week": "w", "w": "w"}
_UNIT = r"(?P<u>minute|min|hour|hr|h|day|d|week|w)s?"
_WORDED = {
    "greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">", "more than": ">", "larger than": ">",
    "bigger than": ">", "above": ">", "over": ">", "less than": "<", "fewer than": "<", "smaller than": "<", "below": "<",
    "under": "<", "at least": ">=", "at most": "<=", "no more than": "<=", "no less than": ">=", "equal to": "=", "equals": "=",
    "greater or equal": ">=", "less or equal": "<=", "greater or equal to": ">=", "less or equal to": "<=", "greater than or equal": ">=",
    "less than or equal": "<=", "not more than": "<=", "not less than": ">=", "higher than": ">", "lower than": "<", "up to": "<=",
    "not equal to": "<>", "gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "eq": "=", "min": ">=", "max": "<=",
}  # fmt: skip
_SIGNS = {
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
_MOMENTS = {"after": ">", "since": ">=", "before": "<", "until": "<=", "later than": ">", "earlier than": "<"}
_FROM = ("not before", "on or after", "not earlier than")
_COUNTED = r"(?:row|number of rows|rows?|row[ _]?count|count|volume)s?(?:\(\*?\))?"
#: Words after `is not` that are no values.
_NO_VALUE = words(
    """null none in between like negative positive zero empty blank missing unique more less older newer duplicate duplicated repeated
    valid invalid required optional mandatory future past old stale late early numeric integer text long short large small equal same
    different changed greater higher lower above below"""
)
_AGGREGATES = {"average": "avg", "mean": "avg", "total": "sum", "stdev": "stddev"}
_COMPARED = "|".join(sorted(_WORDED, key=len, reverse=True))
_AGE = r"(?:max_age|maxage|freshness|fresh|age)"

RULES: tuple[tuple[str, Make], ...] = (
    (rf"(?:(?P<s>warn)|fail|error|alert|hold)[_ ](?:if|when)\s*:\s*(?P<l>[^<>=]+?)\s*{_OP}\s*(?P<r>[^<>=]+?){_TAIL}", lambda m: f"{m['l']} {_FLIPPED[m['o']]} {m['r']}{' warn' if m['s'] else ''}{m['tail']}"),
    (r"(?P<l>\S.*?)\s*(?:->|:|\bon_fail\b\s*[:=]?|\blevel\b\s*[:=]?|\baction\b\s*[:=]?)\s*(?P<s>warn|info)(?:ing)?", lambda m: f"{m['l']} {m['s']}"),
    (r'"(?P<w>[^"]*)"\s*:\s*(?P<l>\S.*)', lambda m: f'{m["l"]} "{m["w"]}"'),
    (rf"(?P<l>\S.*?)\s+(?:allow|tolerate)\s+up\s+to\s+(?P<n>\d+)\s+(?:rows?|bad|failures?){_TAIL}", lambda m: f"{m['l']} allow {m['n']} rows{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:tolerate|(?:allow|tolerate)\s+up\s+to)\s+(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"{m['l']} allow {m['n']}%{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:for\s+)?at\s+least\s+(?P<n>[\d.]+)\s*%\s+of\s+(?:the\s+)?(?:time|rows|cases){_TAIL}", lambda m: f"share({m['l']}) >= {m['n']}%{m['tail']}"),
    (rf"(?P<n>[\d.]+)\s*%\s+of\s+(?:the\s+|all\s+)?rows\s+(?:have|are|with|where)\s+(?P<l>\S.*?){_TAIL}", lambda m: f"share({m['l']}) >= {m['n']}%{m['tail']}"),
    (rf"(?:share|percent(?:age)?|ratio)\s+of\s+non[- ]?nulls?\s+(?:in\s+|of\s+)?{_C}\s*{_OP}\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is not null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?:nulls?|missing)\s+values?\s+(?:in|of|for)\s+{_C}\s*(?P<o><=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?:percent(?:age)?|share|ratio|fraction)\s*\((?P<l>.+)\)\s+between\s+(?P<n>\d+)\s*%?\s+and\s+(?P<m>\d+)\s*%?{_TAIL}", lambda m: f"share({m['l']}) {m['n']}%..{m['m']}%{m['tail']}"),
    (rf"(?:ratio|fraction|proportion|rate)\s*\((?P<l>.+)\)\s*(?P<o><=?|>=?)\s*(?P<n>0?\.\d+){_TAIL}", lambda m: f"share({m['l']}) {m['o']} {_share(m['n'])}{m['tail']}"),
    (rf"count\s+of\s+(?:rows\s+where\s+)?(?P<l>[^\W\d]\w*\s*=\s*\S+)\s*(?P<o><=?|>=?)\s*(?P<n>\d+){_TAIL}", lambda m: f"count_if({m['l']}) {m['o']} {m['n']}{m['tail']}"),
    (rf"{_C}\s+(?:is\s+|are\s+)?(?:never|can't be|cannot be|can not be|must not be|mustn't be|shouldn't be|should not be)\s+negative{_TAIL}", lambda m: f"{m['c']} >= 0{m['tail']}"),
    (rf"(?:no\s+negative\s+{_C}|negative\s+(?P<c2>[^\W\d]\w*)\s+(?:is\s+|are\s+)?not\s+allowed){_TAIL}", lambda m: f"{m['c'] or m['c2']} >= 0{m['tail']}"),
    (rf"(?P<a>min|max)_value\s*\(\s*{_C}\s*\)\s*{_OP}\s*{_N}{_TAIL}", lambda m: f"{m['a']}({m['c']}) {m['o']} {m['n']}{m['tail']}"),
    (rf"(?P<a>min|max|sum|avg)\s*\(\s*{_C}\s*\)\s*:\s*{_N}{_TAIL}", lambda m: f"{m['a']}({m['c']}) = {m['n']}{m['tail']}"),
    (rf"{_C}\s+(?:must |should )?(?:start|begin)s?\s+with\s+(?P<q>['\"]?)(?P<v>[\w-]+)(?P=q){_TAIL}", lambda m: f"{m['c']} like '{m['v']}%'{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:when|where|if)\s+{_C}\s+is\s+(?P<v>'[^']*'|(?!null\b|not\b|true\b|false\b)[^\W\d]\w*)", lambda m: f"{m['l']} where {m['c']} = '{m['v'].strip(chr(39))}'"),
    (rf"between\s+(?P<n>[\d_]+)\s+and\s+(?P<m>[\d_]+)\s+rows?{_TAIL}", lambda m: f"rows {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*?[<>=]\s*\S+)\s+always{_TAIL}", lambda m: f"{m['l']}{m['tail']}"),
    (rf"{_C}\s+(?:shouldn't|mustn't|can't|cannot|may not|should never)\s+be\s+(?P<w>null|missing|blank|empty){_TAIL}", lambda m: (f"not null {m['c']}" if m["w"].lower() in ("null", "missing") else f"{m['c']} <> ''") + m["tail"]),
    (rf"(?:every|each|all)\s+[^\W\d]\w*\s+(?:must\s+|should\s+)?(?:has|have)\s+an?\s+{_C}{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:must\s+|should\s+)?exists?\s+in\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"foreign\s+key\s*\(?\s*{_C}\s*\)?\s+references\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"(?P<n>\d+(?:\.\d+)?)\s*%\s+of\s+(?:the\s+|all\s+)?(?P<c>[^\W\d]\w*?)s?\s+(?:is |are )?(?:not null|filled|present|complete){_TAIL}", lambda m: f"share({m['c']} is not null) >= {m['n']}%{m['tail']}"),
    (rf"{_C}\s+(?:is\s+)?(?P<n>\d+(?:\.\d+)?)\s*%\s+(?:complete|filled|populated){_TAIL}", lambda m: f"share({m['c']} is not null) >= {m['n']}%{m['tail']}"),
    (r"severity\s*[:=]?\s*(?P<s>warn|info)(?:ing)?\s*[:,]?\s+(?P<l>\S.*)", lambda m: f"{m['l']} {m['s']}"),
    (rf"no\s+{_C}\s+(?:after|later than|beyond)\s+(?:today|now){_TAIL}", lambda m: f"{m['c']} <= now(){m['tail']}"),
    (rf"(?:latest|newest|most recent|last)\s+{_C}\s+(?:is\s+)?(?:at most|no more than|not more than)\s+(?P<n>\d+)\s*{_UNIT}\b(?:\s+(?:old|ago))?{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"{_C}\s+has\s+(?P<w>at most|at least|no more than|exactly)\s+(?P<n>\d+)\s+(?:different |distinct |unique )?values?{_TAIL}", lambda m: f"distinct({m['c']}) {'>=' if 'least' in m['w'].lower() else '=' if m['w'].lower() == 'exactly' else '<='} {m['n']}{m['tail']}"),
    (rf"(?:the\s+)?length\s+of\s+{_C}\s+(?:is|must be|should be|=)\s*(?P<n>\d+){_TAIL}", lambda m: f"length({m['c']}) = {m['n']}{m['tail']}"),
    (rf"{_C}\s+(?:is|must be|should be|in)\s+(?:all\s+)?(?P<w>upper|lower)[- ]?case{_TAIL}", lambda m: f"{m['c']} = {m['w'].lower()}({m['c']}){m['tail']}"),
    (rf"{_C}\s+(?:only|just)\s+(?:contains?|has|have|holds?|takes?)\s+(?P<v>[^\W\d]\w*(?:\s*(?:,|\band\b|\bor\b)\s*[^\W\d]\w*)+){_TAIL}", lambda m: f"{m['c']} in {_listed(m['v'].replace(' or ', ', '))}{m['tail']}"),
    (rf"unique[_ ]combination\s*:?\s*\[?\s*{_CS}\s*\]?{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s*:?\s+(?:not[ _]null\s+unique|unique\s+not[ _]null){_TAIL}", lambda m: f"key {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:must |should |always )?(?:have|has|with)\s+(?:an?\s+)?values?{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:must|should|can)\s*(?:not|never)\s+be\s+(?:blank|empty){_TAIL}", lambda m: f"{m['c']} <> ''{m['tail']}"),
    (rf"(?:exactly\s+|only\s+)?one\s+row\s+(?:per|for each|for every)\s+{_CS}{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s+(?:must |should |can |is |are )?(?:not |never )(?:be )?(?:duplicated?|repeated){_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:does not|doesn't|do not|never|must not|should not)\s+repeats?{_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"unique\s+(?:index|constraint|key)?\s*(?:on|for|over|across)\s+\(?{_CS}\)?{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s+(?:one_of|any_of|is_in|in_list|in_set)\s*:?\s*[\[{{(]\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"(?:allowed|accepted|valid|possible)[ _]values\s+(?:for\s+|of\s+)?{_C}\s*:?\s*(?:are\s+)?[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s+values\s+(?:are|must be|can be|should be)\s+(?:one of\s+)?[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s+(?:isn't|is not|does not equal|doesn't equal)\s+(?:equal to\s+)?(?P<v>'[^']*'){_TAIL}", lambda m: f"{m['c']} not in {_values(m['v'])}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:isn't|is not|does not equal|doesn't equal)\s+(?:equal to\s+)?(?P<v>-?[\d.]+){_TAIL}", lambda m: f"{m['l']} <> {m['v']}{m['tail']}"),
    (rf"(?:regexp?|matches|match|regexp_matches)\s*\(\s*{_C}\s*,\s*(?P<r>'[^']*')\s*\){_TAIL}", lambda m: f"{m['c']} matches {m['r']}{m['tail']}"),
    (rf"{_C}\s+(?:contains|has|includes)\s+(?:an?\s+)?(?P<r>[^\w\s%'\"])(?:\s+sign)?{_TAIL}", lambda m: f"{m['c']} like '%{m['r']}%'{m['tail']}"),
    (rf"{_C}\s+(?:is\s+)?(?:a\s+)?foreign\s+key\s+(?:references|to|of|in)\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"(?:(?:each|every|all)\s+)?{_C}\s+(?:has|have|must have)\s+an?\s+(?:row|match|entry|record|parent)\s+in\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"\(\s*{_CS}\s*\)\s+(?:in|references|exists? in|is in)\s+(?P<d>[^\W\d]\w*\.[^\W\d]\w*){_TAIL}", lambda m: f"({_listed(m['c'])}) -> {m['d']}{m['tail']}"),
    (r"(?:the\s+)?(?:table|dataset)\s+(?:has|have|must have|should have|contains)\s+(?P<l>\S.*)", lambda m: m["l"]),
    (rf"(?P<l>\S.*?)\s+(?:must |should |do |does )?(?:not |never )(?:drop|fall|decrease|shrink|go down)s?{_TAIL}", lambda m: f"{m['l']} >= 100% of published{m['tail']}"),
    (rf"(?:row_?count|rows)_(?:change|diff|delta)\s*<=?\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"rows {_around(m['n'])} of published{m['tail']}"),
    (rf"(?:latest|newest|most recent|last)\s+{_C}\s+(?:is\s+)?(?:within|newer than|less than)\s+(?:the\s+last\s+)?(?P<n>\d+)\s*{_UNIT}\b(?:\s+(?:old|ago))?{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (r"(?P<l>.*\w\s*[-+]\s*)(?P<n>\d+)d\b(?P<r>.*)", lambda m: f"{m['l']}interval '{m['n']} days'{m['r']}"),
    (r"(?P<w>[^=<>]+(?:[<>]=?|=|<>|!=)(?!>)[^=<>]+?)\s*=>\s*(?P<l>.*(?:[<>]=?|=|<>|!=|\bis\b).*)", lambda m: f"{m['l']} where {m['w']}"),
    (r"(?P<l>\S.*?)\s+except\s+(?P<w>[^\W\d]\w*\s*(?:[<>=!]+|is|in)\s*\S.*)", lambda m: f"{m['l']} where {_unless(m['w'])}"),
    (r"(?:watch|monitor|track)\s+(?P<a>sum|avg|average|mean|median|min|max|total)\s+(?:of\s+)?(?P<c>[^\W\d]\w*)", lambda m: f"watch {_AGGREGATES.get(m['a'].lower(), m['a'])}({m['c']})"),
    # severities first: what is lost of them is lost silently
    (r"(?P<l>\S.*?)\s*(?:--|#|//|;|\(|\[|,)\s*(?:severity\s*[:=]?\s*)?(?P<s>warn|info)(?:ing)?(?:\s+only)?\s*[)\]]?", lambda m: f"{m['l']} {m['s']}"),
    (r"[(\[]\s*(?P<s>warn|info)(?:ing)?\s*[)\]]\s*:?\s*(?P<l>\S.*)", lambda m: f"{m['l']} {m['s']}"),
    (rf"(?:(?P<s>warn)(?:ing)?|fail|error|alert|hold)\s*:?\s+(?:if|when)\s+(?P<l>[^<>=]+?)\s*{_OP}\s*(?P<r>[^<>=]+?){_TAIL}", lambda m: f"{m['l']} {_FLIPPED[m['o']]} {m['r']}{' warn' if m['s'] else ''}{m['tail']}"),
    (r"(?:error|fail|hold|block|critical)\s*:\s*(?P<l>\S.*)", lambda m: m["l"]),
    # functions of other tools
    (rf"expect_column_values_to_not_be_null\s*\(\s*{_C}\s*\){_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"expect_column_values_to_be_null\s*\(\s*{_C}\s*\){_TAIL}", lambda m: f"{m['c']} is null{m['tail']}"),
    (rf"expect_column_values_to_be_unique\s*\(\s*{_C}\s*\){_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"(?:expect_compound_columns_to_be_unique|(?:dbt_utils\.)?unique_combination_of_columns|unique combination of(?: columns)?)\s*:?\s*[(\[]*\s*{_CS}\s*[)\]]*{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"(?:expect_column_values_to_be_between|(?:dbt_utils\.)?accepted_range|between)\s*\(\s*{_C}\s*,\s*(?:min_value\s*=\s*)?{_N}\s*,\s*(?:max_value\s*=\s*)?{_M}\s*\){_TAIL}", lambda m: f"{m['c']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"expect_column_(?P<a>min|max|mean|median|sum|stdev)_to_be_between\s*\(\s*{_C}\s*,\s*{_N}\s*,\s*{_M}\s*\){_TAIL}", lambda m: f"{_AGGREGATES.get(m['a'].lower(), m['a'])}({m['c']}) {m['n']}..{m['m']}{m['tail']}"),
    (rf"expect_column_value_lengths_to_equal\s*\(\s*{_C}\s*,\s*{_N}\s*\){_TAIL}", lambda m: f"length({m['c']}) = {m['n']}{m['tail']}"),
    (rf"expect_column_value_lengths_to_be_between\s*\(\s*{_C}\s*,\s*{_N}\s*,\s*{_M}\s*\){_TAIL}", lambda m: f"length({m['c']}) {m['n']}..{m['m']}{m['tail']}"),
    (rf"expect_table_row_count_to_be_between\s*\(\s*{_N}\s*,\s*{_M}\s*\){_TAIL}", lambda m: f"rows {m['n']}..{m['m']}{m['tail']}"),
    (rf"expect_table_row_count_to_equal\s*\(\s*{_N}\s*\){_TAIL}", lambda m: f"rows = {m['n']}{m['tail']}"),
    (rf"(?:expect_column_(?:values|distinct_values)_to_(?P<no>not_)?be_in_set|accepted_values|isin)\s*\(\s*{_C}\s*,\s*[\[(]\s*(?P<v>[^\[\]()]+?)\s*[\])]\s*\){_TAIL}", lambda m: f"{m['c']} {'not ' if m['no'] else ''}in {_values(m['v'])}{m['tail']}"),
    (rf"expect_column_values_to_match_regex\s*\(\s*{_C}\s*,\s*(?P<r>'[^']*'|\"[^\"]*\")\s*\){_TAIL}", lambda m: f"{m['c']} matches '{_unquoted(m['r'])}'{m['tail']}"),
    (rf"(?:missing|null|nan)_(?:percent(?:age)?|pct|rate|ratio|share)\s*\(\s*{_C}\s*\)\s*{_OP}\s*(?P<n>[\d.]+)\s*%?{_TAIL}", lambda m: f"share({m['c']} is null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?:completeness|filled|non_?null_(?:percent|rate|share|proportion)|not_null_proportion|coverage)\s*(?:\(\s*|of\s+)?{_C}\s*\)?\s*{_OP}\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is not null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?:completeness|non_?null_(?:rate|share|proportion)|not_null_proportion|coverage)\s*\(\s*{_C}\s*\)\s*{_OP}\s*(?P<n>0?\.\d+|1\.0+){_TAIL}", lambda m: f"share({m['c']} is not null) {m['o']} {_share(m['n'])}{m['tail']}"),
    (rf"(?:duplicate|dup)_(?:percent(?:age)?|pct|rate|share)\s*\(\s*{_CS}\s*\)\s*<=?\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"unique {_listed(m['c'])} allow {m['n']}%{m['tail']}"),
    (rf"(?:invalid_count|invalid)\s*\(\s*{_C}\s*\)\s*=+\s*0\s*,?\s*(?:with\s+)?(?:valid[ _]values)\s*:?\s*[\[(]\s*(?P<v>[^\[\]()]+?)\s*[\])]{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"(?:invalid_count|invalid)\s*\(\s*{_C}\s*\)\s*=+\s*0\s*,?\s*(?:with\s+)?(?:valid[ _]format)\s*:?\s*(?P<p>{_PATTERNS}){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"(?P<w>min|max|avg)_len(?:gth)?\s*\(\s*{_C}\s*\)\s*{_OP}\s*(?P<n>\d+){_TAIL}", lambda m: f"{m['w']}(length({m['c']})) {m['o']} {m['n']}{m['tail']}"),
    (rf"p(?P<q>\d\d)\s*\(\s*{_C}\s*\)\s*(?P<r>\S.*)", lambda m: f"quantile_cont({m['c']}, 0.{m['q']}) {m['r']}"),
    (rf"percentile\s*\(\s*{_C}\s*,\s*(?P<q>\d\d)\s*\)\s*(?P<r>\S.*)", lambda m: f"quantile_cont({m['c']}, 0.{m['q']}) {m['r']}"),
    # shares of rows that may be bad
    (r"(?P<l>\S.*?)\s*[,(]?\s*mostly\s*[:=]?\s*(?P<n>0?\.\d+)\)?(?P<r>\s.*)?", lambda m: f"{m['l']} allow {_share(str(1 - Decimal(m['n'])))}{m['r'] or ''}"),
    (r"(?P<l>\S.*?)\s*[,(]?\s*mostly\s*[:=]?\s*(?P<n>\d\d(?:\.\d+)?)\s*(?:%|percent)\)?(?P<r>\s.*)?", lambda m: f"{m['l']} allow {100 - Decimal(m['n'])}%{m['r'] or ''}"),
    (rf"(?P<l>\S.*?)\s+with\s+(?P<n>[\d.]+)\s*%\s+(?:tolerance|allowed|bad|failures?){_TAIL}", lambda m: f"{m['l']} allow {m['n']}%{m['tail']}"),
    (r'(?P<l>\S.*?)\s+because\s+(?:of\s+)?(?P<w>[^"]+)', lambda m: f'{m["l"]} "{m["w"]}"'),
    (r"(?P<s>warn|info)\s+(?P<l>[^:\s].*)", lambda m: f"{m['l']} {m['s']}"),
    # conditions around a check
    (r"(?P<w>[^\W\d]\w*|[^<>]+?=[^<>]+?)\s*->\s*(?P<l>[^<>=]+?(?:[<>]=?|=|<>|!=|\bis\b).*)", lambda m: f"{m['l']} where {m['w']}"),
    (r"(?P<l>\S.*?)\s+for\s+(?:all\s+)?(?:rows\s+with\s+)?(?P<w>[^\W\d]\w*\s*(?:[<>=!]+|is|in)\s*\S.*)", lambda m: f"{m['l']} where {m['w']}"),
    (rf"(?:nulls?|missing|null (?:rate|share|ratio|percentage))\s+(?:in|of|for)\s+{_C}\s*(?P<o><=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?:share|percent(?:age)?|ratio|rate)\s+(?:of|is)\s+(?:null|missing)s?\s+(?:in\s+|of\s+)?{_C}\s*(?P<o><=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?P<w>at most|less than|under|max|no more than)\s+(?P<n>[\d.]+)\s*%\s+(?:of\s+)?(?:nulls?|missing)\s+(?:values\s+)?(?:in|for|of)?\s*{_C}{_TAIL}", lambda m: f"share({m['c']} is null) {_WORDED[m['w'].lower()]} {m['n']}%{m['tail']}"),
    (rf"(?P<n>[\d.]+)\s*%\s+of\s+(?P<l>[^<>=]+?(?:[<>]=?|=|<>|!=)[^<>=]+?){_TAIL}", lambda m: f"share({m['l']}) >= {m['n']}%{m['tail']}"),
    (r"(?:if|when|where|for)\s+(?P<w>\S.*?)\s*(?:,|:|\bthen\b)\s*(?P<l>\S.*)", lambda m: f"{m['l']} where {m['w']}"),
    (r"(?P<w>\S.*?)\s*(?:\bimplies\b|⇒|\bthen\b)\s*(?P<l>\S.*)", lambda m: f"{m['l']} where {m['w']}"),
    (r"(?P<l>\S.*?)\s+(?:unless|except when|except if|except where)\s+(?P<w>\S.*)", lambda m: f"{m['l']} where {_unless(m['w'])}"),
    # shares in words
    (rf"(?P<l>\S.*?)\s+(?:for|in)\s+(?:at least\s+)?(?P<n>[\d.]+)\s*%\s+of\s+(?:the\s+|all\s+)?(?:rows|records|cases){_TAIL}", lambda m: f"share({m['l']}) >= {m['n']}%{m['tail']}"),
    (rf"(?:(?P<w>at least|at most|more than|less than|over|under)\s+)?(?P<n>[\d.]+)\s*%\s+(?:of\s+)?(?P<l>[^\W\d]\w*)\s+(?:is\s+|are\s+)?not null{_TAIL}", lambda m: f"share({m['l']} is not null) {_WORDED[(m['w'] or 'at least').lower()]} {m['n']}%{m['tail']}"),
    (rf"(?P<w>at least|at most|more than|less than|over|under)\s+(?P<n>[\d.]+)\s*%\s+(?:of\s+)?(?:(?:the\s+)?rows\s+(?:have|where|with)\s+)?(?P<l>\S.*?){_TAIL}", lambda m: f"share({m['l']}) {_WORDED[m['w'].lower()]} {m['n']}%{m['tail']}"),
    (rf"(?:percent(?:age)?|share|ratio|proportion)\s+(?:of|where)\s+(?:rows\s+where\s+)?(?P<l>\S.*?)\s*(?P<o><=?|>=?)\s*(?P<n>[\d.]+)\s*(?P<q>%)?{_TAIL}", lambda m: f"share({m['l']}) {m['o']} {_percent(m['n'], m['q'])}{m['tail']}"),
    (rf"not null\s+{_C}\s*(?P<o>>=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is not null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"{_C}\s+not null\s*(?P<o>>=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is not null) {m['o']} {m['n']}%{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+{_BE}(?:between|from|within|in)\s+(?P<n>[\d.]+)\s*%\s*(?:and|to|-|,)\s*(?P<m>[\d.]+)\s*%{_TAIL}", lambda m: f"{m['l']} {m['n']}%..{m['m']}%{m['tail']}"),
    # the published version
    (rf"(?P<l>\S.*?)\s+{_BE}(?:within|\+-|±)\s*(?:\+-|±)?\s*(?P<n>[\d.]+)\s*%\s*(?:of|from)\s+{_BEFORE}{_TAIL}", lambda m: f"{m['l']} {_around(m['n'])} of published{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:changes?|change|diff(?:ers?|erence)?|drifts?|deviat(?:es?|ion)|var(?:y|ies))\s*(?:by\s+)?(?:<=?|less than|at most|under|below|max|by)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"{m['l']} {_around(m['n'])} of published{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:must |should )?(?:not |never )(?:drop|fall|decrease|shrink)(?:s)?\s+(?:by\s+)?(?:more than|over)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"{m['l']} >= {100 - Decimal(m['n'])}% of published{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*(?P<o><=?|>=?)\s*(?P<n>\d*\.\d+|\d)\s*\*\s*{_BEFORE}{_TAIL}", lambda m: f"{m['l']} {m['o']} {_share(m['n'])} of published{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*(?P<o><=?|>=?)\s*{_BEFORE}\s*\*\s*(?P<n>\d*\.\d+|\d){_TAIL}", lambda m: f"{m['l']} {m['o']} {_share(m['n'])} of published{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*(?P<o><=?|>=?|=)\s*{_BEFORE}{_TAIL}", lambda m: f"{m['l']} {m['o']} 100% of published{m['tail']}"),
    (rf"(?:no|zero)\s+lost\s+keys{_TAIL}", lambda m: f"lost keys = 0{m['tail']}"),
    (rf"(?:monitor|anomal(?:y|ies)(?:\s+detection)?|track|observe|watch)\s*:?\s*(?:(?:on|for|in|of)\s+)?(?P<l>\S.*?){_TAIL}", lambda m: f"watch {'rows' if re.fullmatch(_COUNTED, m['l'], re.IGNORECASE) else m['l']}{m['tail']}"),
    (r"schema\s*:?\s*(?:no new columns|no (?:column )?changes?|must not change|does not change|unchanged)", lambda _: "schema exact"),
    (rf"(?P<l>\S.*?)\s+(?:must |should |do |does )?(?:not |never )(?:drop|fall|decrease|shrink)s?\s+(?:by\s+)?(?:more than|over)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"{m['l']} >= {100 - Decimal(m['n'])}% of published{m['tail']}"),
    (rf"lost\s+keys\s+(?:none|zero|no){_TAIL}|no\s+keys\s+(?:are\s+)?lost", lambda m: f"lost keys = 0{m['tail'] or ''}"),
    (rf"(?P<w>at least|at most|more than|less than|over|under|no more than|fewer than)\s+{_N}\s+rows{_TAIL}", lambda m: f"rows {_WORDED[m['w'].lower()]} {m['n']}{m['tail']}"),
    (rf"rows\s+(?:are\s+)?not\s+(?:0|zero){_TAIL}", lambda m: f"rows > 0{m['tail']}"),
    # ages
    (rf"{_C}\s+freshness\s*(?:<=?|is|of|:)?\s*(?P<n>\d+)\s*{_UNIT}\b{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"{_AGE}\s+using\s+{_C}\s*<=?\s*(?P<n>\d+)\s*{_UNIT}\b{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"max\(\s*{_C}\s*\)\s+(?:is\s+)?(?:within|newer than|less than|in)\s+(?:the\s+)?(?:last\s+)?(?P<n>\d+)\s*{_UNIT}\b(?:\s+(?:old|ago))?{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:not older than|no older than|newer than|younger than)\s+(?:a|an|one)\s+{_UNIT}\b{_TAIL}", lambda m: f"max_age 1{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    # ranges of days
    (rf"{_C}\s+{_BE}(?P<w>not before|on or after|not earlier than|not after|on or before|not later than)\s+(?P<r>{_DAY}|[^\W\d]\w*){_TAIL}", lambda m: f"{m['c']} {'>=' if m['w'].lower() in _FROM else '<='} {_moment(m['r'])}{m['tail']}"),
    (rf"{_C}\s+{_BE}in\s+(?:the\s+)?past{_TAIL}", lambda m: f"{m['c']} <= now(){m['tail']}"),
    (rf"no\s+future\s+(?:values?\s+in\s+|dates?\s+in\s+)?{_C}{_TAIL}", lambda m: f"{m['c']} <= now(){m['tail']}"),
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?:within|between|from|in)?\s*[(\[]?\s*'?(?P<n>{_DAY})'?\s*(?:to|and|until|till|through|,|-|–|\.\.)\s*'?(?P<m>{_DAY})'?\s*[)\]]?{_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"{_C}\s+{_BE}in\s+(?:year\s+)?(?P<n>(?:19|20)\d\d){_TAIL}", lambda m: f"{m['c']} {m['n']}-01-01..{m['n']}-12-31{m['tail']}"),
    (rf"{_C}\s+{_BE}(?P<w>after|since|before|until|later than|earlier than)\s+(?P<r>[^\W\d]\w*){_TAIL}", lambda m: f"{m['c']} {_MOMENTS[m['w'].lower()]} {m['r']}{m['tail']}"),
    (rf"{_C}\s*(?P<o>>=?|<)\s*(?:today|current date|current day){_TAIL}", lambda m: f"{m['c']} {m['o']} current_date{m['tail']}"),
    (rf"{_C}\s*(?P<o><=|>=|<|>)\s*now{_TAIL}", lambda m: f"{m['c']} {m['o']} now(){m['tail']}"),
    # numbers as much of Europe writes them: with both marks nobody means anything else
    (r"(?P<l>[^'\"]*?)(?<![\d_])(?<!\d\.)(?P<n>\d{1,3}(?:\.\d{3})+,\d+)(?![\d,.])(?P<tail>.*)", lambda m: f"{m['l']}{_plain_number(m['n'])}{m['tail']}"),
    # lists of values that are not asked for by name
    (rf"{_C}\s+{_BE}(?:not|never)\s+(?:be\s+)?(?:equal to\s+)?(?P<v>'[^']*'|[^\W\d]\w*){_TAIL}", lambda m: "" if m["v"].lower() in _NO_VALUE else f"{m['c']} not in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*(?:must|should) (?:not|never) be (?:equal to\s+)?(?P<v>'[^']*'|[^\W\d]\w*){_TAIL}", lambda m: "" if m["v"].lower() in _NO_VALUE else f"{m['c']} not in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*(?:==?|is)\s*(?P<v>'?[^\W\d]\w*'?(?:\s*,\s*'?[^\W\d]\w*'?)+){_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*:\s*[\[{{(](?P<v>[^\[\]{{}}()]+)[\]}})]{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*:\s*(?P<v>'?[^\W\d]\w*'?(?:\s*,\s*'?[^\W\d]\w*'?)+){_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s+in\s+set\s*\(\s*(?P<v>[^\[\]{{}}()]+)\s*\){_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*(?:∈|(?:must |should |can |may )?(?:only |be |only be ))\s*(?:one of\s+)?[\[{{(]?\s*(?P<v>'?[^\W\d]\w*'?(?:\s*(?:,|\bor\b|\|)\s*'?[^\W\d]\w*'?)+)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    # texts
    (rf"(?P<p>{_PATTERNS})\s*\(\s*{_C}\s*\){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:an?\s+)?(?:valid\s+|iso\s+)?(?P<p>{_PATTERNS})\s+(?:address|number|code|format){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s+{_BE}iso\s+(?P<p>{_PATTERNS}){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s+(?:matches|match|satisfies)\s+(?:the\s+)?(?:regexp?|pattern)\s*:?\s*(?P<r>'[^']*'|\"[^\"]*\"|/[^/]*/|[^\s'\"]+){_TAIL}", lambda m: f"{m['c']} matches '{_unquoted(m['r'])}'{m['tail']}"),
    (rf"{_C}\s+(?P<no>not\s+)?like\s+(?P<r>[^\s'\"]*%[^\s'\"]*){_TAIL}", lambda m: f"{m['c']} {m['no'] or ''}like '{m['r']}'{m['tail']}"),
    (rf"{_C}\s+(?:has|have|is)\s+(?:exactly\s+)?(?P<n>\d+)\s+(?:characters?|chars?|digits?|letters?)(?:\s+long)?{_TAIL}", lambda m: f"length({m['c']}) = {m['n']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:must|should|has to|shall)\s+(?:be|equal|be equal to)\s+(?P<n>-?[\d.]+|'[^']*'){_TAIL}", lambda m: f"{m['l']} = {m['n']}{m['tail']}"),
    (rf"{_C}\s+{_BE}contains?(?:ing)?\s+(?P<q>['\"])(?P<r>[^'\"]*)(?P=q){_TAIL}", lambda m: f"{m['c']} like '%{m['r']}%'{m['tail']}" if _alternatives(m["r"]) else ""),
    (rf"{_C}\s+{_BE}start(?:s|ing)?[ _]?with\s+(?P<q>['\"])(?P<r>[^'\"]*)(?P=q){_TAIL}", lambda m: f"{m['c']} like '{m['r']}%'{m['tail']}" if _alternatives(m["r"]) else ""),
    (rf"{_C}\s+{_BE}end(?:s|ing)?[ _]?with\s+(?P<q>['\"])(?P<r>[^'\"]*)(?P=q){_TAIL}", lambda m: f"{m['c']} like '%{m['r']}'{m['tail']}" if _alternatives(m["r"]) else ""),
    (rf"(?:valid\s+)?(?P<p>{_PATTERNS})\s+{_BE}valid{_TAIL}", lambda m: f"{m['p']} is {m['p']}{m['tail']}"),
    (rf"valid\s+(?P<p>{_PATTERNS}){_TAIL}", lambda m: f"{m['p']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:an?\s+)?(?P<s>positive\s+)?(?:integer|int|whole number|whole){_TAIL}", lambda m: f"{m['c']} % 1 = 0{' and ' + m['c'] + ' > 0' if m['s'] else ''}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:an?\s+)?(?:numeric|number|integer|int){_TAIL}", lambda m: f"{m['c']} matches '-?[0-9]+([.][0-9]+)?'{m['tail']}"),
    (rf"{_C}\s+len(?:gth)?\s+(?:of\s+|is\s+)?(?P<n>\d+){_TAIL}", lambda m: f"length({m['c']}) = {m['n']}{m['tail']}"),
    # more of NULL and unique
    (rf"{_C}\s*:?\s+{_BE}(?:(?:not[ _]null|required)\s*(?:,|and|&)\s*unique|unique\s*(?:,|and|&)\s*(?:not[ _]null|required)){_TAIL}", lambda m: f"key {m['c']}{m['tail']}"),
    (rf"{_C}\s*(?:!=|<>|is not)\s*(?:null|none|nan){_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"{_C}\s*==?\s*(?:null|none){_TAIL}", lambda m: f"{m['c']} is null{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:(?:must|should|can|may)\s+)?(?:never|not)\s+(?:be\s+)?(?:null|missing){_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"(?:no|zero)\s+(?:nulls?|missing|empty|blank)\s+{_C}{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"(?:no|zero)\s+(?:nulls?|missing|empty|blank)\s+(?P<c>[^\W\d]\w*?)s{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"not null\s+(?P<x>[^\W\d]\w*\s*\(.*\)){_TAIL}", lambda m: f"{m['x']} is not null{m['tail']}"),
    (rf"(?:no|zero)\s+(?:duplicates?|duplicated?|dupes)\s+{_CS}{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"(?:no|zero)\s+(?:duplicates?|duplicated?|dupes)\s+(?P<c>[^\W\d]\w*?)s{_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:has|have|contains?|with)\s+no\s+(?:duplicates?|dupes){_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"unique\s*:?\s*[(\[](?P<x>.+)[)\]]{_TAIL}", lambda m: f"unique {m['x']}{m['tail']}"),
    (rf"unique[ _]?key\s*:?\s*\(?\s*{_CS}\s*\)?{_TAIL}", lambda m: f"key {_listed(m['c'])}{m['tail']}"),
    # more of references, ranges, totals
    (rf"{_C}\s+(?:matches|match|maps to|links to|joins to|points to|belongs to)\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"{_C}\s*:?\s+\[\s*{_N}\s*,\s*{_M}\s*\]{_TAIL}", lambda m: f"{m['c']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"{_C}\s*:?\s+(?P<n>\d+(?:\.\d+)?)\s*(?:\+|or more|or above|or higher|and above|and up){_TAIL}", lambda m: f"{m['c']} {m['n']}..{m['tail']}"),
    (rf"{_C}\s*:?\s+(?P<n>\d+(?:\.\d+)?)\s*(?:or less|or fewer|or below|or lower|and below){_TAIL}", lambda m: f"{m['c']} ..{m['n']}{m['tail']}"),
    (rf"no\s+negative\s+(?:values?\s+in\s+)?{_C}{_TAIL}", lambda m: f"{m['c']} >= 0{m['tail']}"),
    (r"(?P<l>.*[<>= ])(?P<n>\d+)k\b(?P<r>.*)", lambda m: f"{m['l']}{m['n']}_000{m['r']}"),
    (r"(?P<l>.*[<>= ])[$€£]\s*(?P<n>\d.*)", lambda m: f"{m['l']}{m['n']}"),
    (r"(?P<l>.*\s)(?P<n>zero|one)\b(?P<r>.*)", lambda m: f"{m['l']}{0 if m['n'].lower() == 'zero' else 1}{m['r']}"),
    (rf"(?P<l>[^<>]*=[^<>]*?)\s+within\s+(?P<n>[\d.]+\s*%?){_TAIL}", lambda m: f"{m['l']} +- {m['n'].replace(' ', '')}{m['tail']}"),
    (r"(?P<a>stddev|stdev)\s+(?:of\s+)?(?P<c>[^\W\d]\w*)\s+(?P<r>\S.*)", lambda m: f"stddev({m['c']}) {m['r']}"),
    (r"(?P<c>[^\W\d]\w*)\s+(?P<a>sum|avg|average|mean|median|total|stddev)\s+(?P<r>[<>=\d].*)", lambda m: f"{_AGGREGATES.get(m['a'].lower(), m['a'])}({m['c']}) {m['r']}"),
    (r"(?:number of|count of|how many)\s+(?:distinct|different|unique)\s+(?:values\s+(?:of|in)\s+)?(?P<c>[^\W\d]\w*)\s+(?P<r>\S.*)", lambda m: f"distinct({m['c']}) {m['r']}"),
    (r"(?:unique|distinct|different)\s+(?:values|count)\s+(?:of|in)\s+(?P<c>[^\W\d]\w*)\s+(?P<r>\S.*)", lambda m: f"distinct({m['c']}) {m['r']}"),
    (r"cardinality\s*\(\s*(?P<c>[^\W\d]\w*)\s*\)\s*(?P<r>\S.*)", lambda m: f"distinct({m['c']}) {m['r']}"),
    (r"sum of (?P<c>[^\W\d]\w*) (?:equals|=|is|matches) sum of (?P<d>[^\W\d]\w*(?:\.[^\W\d]\w*){2})(?P<r>.*)", lambda m: f"sum({m['c']}) = sum({m['d']}){m['r']}"),
    (r"(?P<a>sum|max|min|avg|count)\s*\((?P<c>[^()]+)\)\s+(?:matches|equals|is the same as|same as)\s+(?P<d>[^\W\d]\w*(?:\.[^\W\d]\w*){2})(?P<r>.*)", lambda m: f"{m['a']}({m['c']}) = {m['a']}({m['d']}){m['r']}"),
    (rf"(?:relationships?|foreign[ _]?key|fk|ref(?:erence)?)\s*:?\s*\(?{_C}\)?\s*(?:to|->|=>|,)\s*(?:ref\()?'?{_D}'?\)?\s*,?\s*(?:field|column)\s*:?=?\s*'?(?P<f>[^\W\d]\w*)'?{_TAIL}", lambda m: f"{m['c']} -> {m['d']}.{m['f']}{m['tail']}"),
    (rf"(?:relationships?|foreign[ _]?key|fk|ref(?:erence)?)\s*:?\s*\(?{_C}\)?\s*(?:to|->|=>|,)\s*{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"{_C}\s+(?:must|should|has to)\s+(?:exist|be|be found|be present)\s+in\s+{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (r"(?:every|each|all|any)\s+(?:value(?:s)?\s+(?:of|in)\s+)?(?P<l>\S.*)", lambda m: m["l"]),
    (rf"{_C}\s*(?P<o>[<>]=?)\s*(?P<n>\S+)\s+and\s+(?P<p>[<>]=?)\s*(?P<m>\S+){_TAIL}", lambda m: f"{m['c']} {m['o']} {m['n']} and {m['c']} {m['p']} {m['m']}{m['tail']}"),
    (rf"{_C}\s*:?\s+(?P<n>\d+(?:\.\d+)?)\s*-\s*(?P<m>\d+(?:\.\d+)?){_TAIL}", lambda m: f"{m['c']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*\d)\s+(?:inclusive|inclusively|included|incl\.?){_TAIL}", lambda m: f"{m['l']}{m['tail']}"),
    (rf"(?P<w>max|min)(?:imum)?\s+(?:of\s+)?{_C}\s*:?=?\s*{_N}{_TAIL}", lambda m: f"{m['c']} {'<=' if m['w'].lower() == 'max' else '>='} {m['n']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+{_BE}within\s+(?P<n>[\d.]+\s*%?)\s+of\s+(?P<r>\S+?){_TAIL}", lambda m: f"{m['l']} = {m['r']} +- {m['n'].replace(' ', '')}{m['tail']}"),
    (rf"(?P<l>\S.*?=.*?)\s*,?\s*\(?(?:with(?:in)?\s+)?(?:an?\s+)?(?:tolerance|margin|delta|error)\s*(?:of\s+|[:=]\s*)?(?P<n>[\d.]+\s*%?)\)?{_TAIL}", lambda m: f"{m['l']} +- {m['n'].replace(' ', '')}{m['tail']}"),
    (r"(?P<l>\S.*[\w)])\s+(?:x|×|times)\s+(?P<r>[\w(].*)", lambda m: f"{m['l']} * {m['r']}"),
    (r'(?P<l>\S.*?)\s+\((?!allow|warn|info|severity)(?P<w>[^()<>=\'"]*\s[^()<>=\'"]*)\)', lambda m: f'{m["l"]} "{m["w"]}"'),
    # not null, unique, key
    (rf"(?:not[ _]?null|non[ _-]?null|required|mandatory)\s*:?\s*\(?\s*{_CS}\s*\)?{_TAIL}", lambda m: f"not null {_listed(m['c'])}{m['tail']}"),
    (rf"(?:no|zero|without)\s+(?:nulls?|missing)(?:\s+values?)?\s+(?:in|for)\s+{_CS}{_TAIL}", lambda m: f"not null {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s*:?\s+{_BE}(?:not[ _]?null|non[ _-]?null|never null|required|mandatory|present|filled)(?:\s+allowed)?{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"{_C}\s+(?:has no nulls?|cannot be null|can't be null|must not be null|should not be null|never null){_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"(?:missing_count|null_count|nulls|count_nulls|missing)\s*\(\s*{_C}\s*\)\s*=+\s*0{_TAIL}", lambda m: f"not null {m['c']}{m['tail']}"),
    (rf"(?:unique|uniqe|distinct)\s*:?\s*\(?\s*{_CS}\s*\)?{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"(?:no|zero)\s+(?:duplicates?|dupes)\s+(?:in|for|of)\s+{_CS}{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s*:?\s+{_BE}unique{_TAIL}", lambda m: f"unique {m['c']}{m['tail']}"),
    (rf"(?:duplicate_count|duplicates|count_duplicates)\s*\(\s*{_CS}\s*\)\s*=+\s*0{_TAIL}", lambda m: f"unique {_listed(m['c'])}{m['tail']}"),
    (rf"(?:primary[ _]?key|pk|key)\s*:?\s*\(?\s*{_CS}\s*\)?{_TAIL}", lambda m: f"key {_listed(m['c'])}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:a\s+|the\s+)?(?:primary[ _]?key|pk|key){_TAIL}", lambda m: f"key {m['c']}{m['tail']}"),
    # references
    (rf"(?:foreign[ _]?key|fk|relationships?)?\s*:?\s*\(?{_C}\)?\s*(?:references?|refers to|exists? in|is in|in|=>|-->|→|->|--)\s*{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    (rf"{_C}\s+(?:foreign[ _]?key|fk)\s+(?:to|of|in)?\s*{_D}{_TAIL}", lambda m: f"{m['c']} -> {_dataset(m['d'])}{m['tail']}"),
    # rows
    (r"(?:row[ _]?count|rowcount|count_rows|number of rows|num_rows|row|count|table_row_count)s?\s*(?:\(\s*\*?\s*\))?\s*:?\s*(?P<r>[^\s(].*)", lambda m: f"rows {m['r']}"),
    (r"rows\s*:\s*(?P<r>.+)", lambda m: f"rows {m['r']}"),
    (rf"(?:(?:table|dataset)\s+)?(?:is\s+)?(?:not|non)[ -]?empty{_TAIL}|has rows{_TAIL.replace('tail', 'other')}", lambda m: f"rows > 0{m['tail'] or ''}"),
    (rf"min_?rows\s*:?=?\s*{_N}", lambda m: f"rows {m['n']}.."),
    (rf"max_?rows\s*:?=?\s*{_N}", lambda m: f"rows ..{m['n']}"),
    # ranges
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?:within|between|from|in(?:\s+the)?\s+range|range)?\s*\(?\[?\s*{_N}\s*(?:to|\.\.|\.\.\.|…|–|—|through|until)\s*{_M}\s*\]?\)?{_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+{_BE}(?:between|within)\s*[\(\[]?\s*{_N}\s*(?:,|and|-)\s*{_M}\s*[\)\]]?{_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s+(?:in|=)?\s*range\s*\(\s*{_N}\s*,\s*{_M}\s*\){_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*(?:=|in|within|between|:|is)\s*(?P<r>\S*\.\.\S*){_TAIL}", lambda m: f"{m['l']} {m['r']}{m['tail']}"),
    (rf"{_N}\s*<=\s*(?P<l>[^<>=]+?)\s*<=\s*{_M}{_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"(?P<n>\S+)\s*(?P<o><=?)\s*(?P<l>[^<>=]+?)\s*(?P<p><=?)\s*(?P<m>\S+){_TAIL}", lambda m: f"{m['l']} {m['o'].replace('<', '>')} {m['n']} and {m['l']} {m['p']} {m['m']}{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*:?\s+min(?:imum)?\s*[:=]?\s*{_N}\s*,?\s*max(?:imum)?\s*[:=]?\s*{_M}{_TAIL}", lambda m: f"{m['l']} {m['n']}..{m['m']}{m['tail']}"),
    (rf"{_C}\s+(?P<w>max|min)_?len(?:gth)?\s*[:=]?\s*(?P<n>\d+){_TAIL}", lambda m: f"length({m['c']}) {'..' + m['n'] if m['w'] == 'max' else m['n'] + '..'}{m['tail']}"),
    (rf"{_C}\s+len(?:gth)?\s+(?P<r>\S.*)", lambda m: f"length({m['c']}) {m['r']}"),
    (rf"{_C}\s+{_BE}(?:in the past|not in (?:the )?future|before now|<= today){_TAIL}", lambda m: f"{m['c']} <= now(){m['tail']}"),
    # lists
    (rf"(?P<l>\S.*?)\s*:?\s+(?P<o>not\s+in|in)\s*[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['l']} {m['o']} {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*:?\s+{_BE}(?P<no>not\s+)?(?:in|one of|any of|among|either|values?|accepted_values|enum|isin|is in)\b\s*:?\s*[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} {'not ' if m['no'] else ''}in {_values(m['v'])}{m['tail']}"),
    (rf"(?:accepted_values|values)\s*:?\s*\(?{_C}\)?\s*:?\s*[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*(?:=+|is\b)\s*(?P<v>[^=<>()]+?\s+or\s+[^=<>()]+?){_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    # patterns
    (rf"{_C}\s*:?\s+{_BE}(?:an?\s+|valid\s+|like\s+|format\s+|matches\s+|has format\s+)+(?P<p>{_PATTERNS})s?{_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s*:\s*(?P<p>{_PATTERNS}){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s+(?:matches|regexp?|match|=~|matches_regex)\s*:?\s*(?P<r>'[^']*'|\"[^\"]*\"|/[^/]*/|`[^`]*`|[^\s'\"]+){_TAIL}", lambda m: f"{m['c']} matches '{_unquoted(m['r'])}'{m['tail']}"),
    # shares
    (rf"(?:null|missing)s?(?:_?(?:percent(?:age)?|share|rate|ratio|pct))?\s*\(\s*{_C}\s*\)\s*(?P<o><=?)\s*(?P<n>[\d.]+)\s*%{_TAIL}", lambda m: f"share({m['c']} is null) {m['o']} {m['n']}%{m['tail']}"),
    (r"(?:percent(?:age)?|ratio|fraction|pct)\s*\((?P<x>.+)\)\s*(?P<o><=?|>=?|=)\s*(?P<n>[\d.]+)\s*%(?P<tail>.*)", lambda m: f"share({m['x']}) {m['o']} {m['n']}%{m['tail']}"),
    (r"share\s*\((?P<x>.+)\)\s*(?P<o><=?|>=?|=)\s*0?\.(?P<n>\d\d?)(?P<tail>\s.*)?", lambda m: f"share({m['x']}) {m['o']} {int(m['n'].ljust(2, '0'))}%{m['tail'] or ''}"),
    (rf"(?P<x>share\s*\(.+\)\s*(?:<=?|>=?|=))\s*(?P<n>[1-9]\d?){_TAIL}", lambda m: f"{m['x']} {m['n']}%{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*(?P<o><=?|>=?|=)\s*(?P<n>[\d.]+)\s+(?:%|percent){_TAIL}", lambda m: f"{m['l']} {m['o']} {m['n']}%{m['tail']}"),
    # age
    (rf"{_AGE}\s*:?\s*\(?\s*(?:of|by|for|on)?\s*{_C}\s*\)?\s*(?:<=?|:|is|under|within|in)?\s*(?P<n>\d+)\s*{_UNIT}\b{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"{_AGE}\s*(?::|<=?|=)?\s*(?P<n>\d+)\s*{_UNIT}\s*\(?(?:by|of|on|for|from)?\s*{_C}\)?{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:max_age|newer than|younger than|within(?: the)?(?: last)?|fresh(?:er than)?|not older than|no older than)\s*:?\s*(?P<n>\d+)\s*{_UNIT}\b{_TAIL}", lambda m: f"max_age {m['n']}{_UNITS[m['u']]} by {m['c']}{m['tail']}"),
    # what English says of numbers, texts and moments
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?:strictly\s+)?positive{_TAIL}", lambda m: f"{m['l']} > 0{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?:non[ -]?negative|nonnegative|not negative){_TAIL}", lambda m: f"{m['l']} >= 0{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}negative{_TAIL}", lambda m: f"{m['l']} < 0{m['tail']}"),
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?:not zero|non[ -]?zero){_TAIL}", lambda m: f"{m['l']} <> 0{m['tail']}"),
    (rf"{_C}\s+{_BE}(?:not empty|not blank|non[ -]?empty){_TAIL}", lambda m: f"{m['c']} <> ''{m['tail']}"),
    # comparisons in words and other signs
    (rf"(?P<l>\S.*?)\s*:?\s+{_BE}(?P<w>{_COMPARED})\s+(?P<r>\S.*)", lambda m: f"{m['l']} {_WORDED[m['w'].lower()]} {m['r']}"),
    (r"(?P<l>\S.*?)\s*(?P<o>=>|=<|≥|≤|≠|!==|===|=!|! =|not =)\s*(?P<r>\S.*)", lambda m: f"{m['l']} {_SIGNS[m['o']]} {m['r']}"),
    (r"(?P<l>\S.*?)\s+(?:must be|should be|has to be|is|are|:)\s*(?P<o>[<>=!]+)\s*(?P<r>\S.*)", lambda m: f"{m['l']} {m['o']} {m['r']}"),
    (r"(?P<l>[^\W\d]\w*)\s*:\s*(?P<o>[<>]=?|=|<>|!=)\s*(?P<r>\S.*)", lambda m: f"{m['l']} {m['o']} {m['r']}"),
    (r"(?P<l>.*\S)\s*&&\s*(?P<r>\S.*)", lambda m: f"{m['l']} and {m['r']}"),
    (r"(?P<l>.*[<>=].*\S)\s*\|\|\s*(?P<r>\S.*)", lambda m: f"{m['l']} or {m['r']}"),
    (rf"!\s*{_C}{_TAIL}", lambda m: f"{m['c']} = false{m['tail']}"),
    (rf"{_C}\s*(?P<o>[<>]=?)\s*(?P<n>\d{{4}}-\d\d-\d\d){_TAIL}", lambda m: f"{m['c']} {m['o']} date '{m['n']}'{m['tail']}"),
    (rf"{_C}\s+{_BE}(?P<w>after|since|before|until)\s+(?P<n>\d{{4}}-\d\d-\d\d){_TAIL}", lambda m: f"{m['c']} {_MOMENTS[m['w']]} date '{m['n']}'{m['tail']}"),
    (r"(?P<l>.*[<>=(,. ])(?P<n>\d{1,3}(?:,\d{3})+)(?P<r>.*)", lambda m: f"{m['l']}{m['n'].replace(',', '_')}{m['r']}"),
    (r"(?P<l>.*\S)\s*(?:\+/-|\+\\-|±|\+-\s+-?)\s*(?P<r>\d.*)", lambda m: f"{m['l']} +- {m['r']}"),
    (r"(?P<l>\S.*?)\s*(?:~=|≈)\s*(?P<r>\S.*?\s*\+-.*)", lambda m: f"{m['l']} = {m['r']}"),
    # aggregates
    (r"(?P<a>sum|min|max|avg|average|mean|median|count|total)\s+(?:of\s+)?(?P<c>[^\W\d]\w*)\s+(?P<r>\S.*)", lambda m: f"{_AGGREGATES.get(m['a'].lower(), m['a'])}({m['c']}) {m['r']}"),
    (r"(?P<a>average|total)\s*\((?P<r>.*)", lambda m: f"{_AGGREGATES[m['a'].lower()]}({m['r']}"),
    (r"(?:count[ _]distinct|distinct[ _]count|distinct|unique_count|nunique|unique count of)\b\s*\(?\s*(?P<c>[^\W\d]\w*)\s*\)?\s*(?P<r>[<>=\d].*)", lambda m: f"distinct({m['c']}) {m['r']}"),
    (r"count\s*\((?P<x>.*)\)\s*(?P<r>[<>=].*)", lambda m: f"count_if({m['x']}) {m['r']}"),
    (r"(?P<l>.*[-+<>=]\s*)(?P<n>\d+)\s*(?P<u>second|minute|hour|day|week|month|year)s?\b(?P<r>.*)", lambda m: f"{m['l']}interval '{m['n']} {m['u']}s'{m['r']}"),
    # published, schema
    (r"(?P<l>.*%)\s*(?:of|vs\.?|compared to)\s*(?:the\s+)?(?:previous|last|yesterday|prior|before|earlier|main|production)(?:\s+(?:version|run|day|load))?(?P<r>.*)", lambda m: f"{m['l']} of published{m['r']}"),
    (r"(?:schema|columns)\s*:?\s*(?:is\s+|are\s+)?(?:exact(?:ly)?|strict|fixed|unchanged|same|match(?:es)?)?", lambda _: "schema exact"),
    # what stands around a form
    (r"(?P<s>warn(?:ing)?|info)\s*:\s*(?P<l>\S.*)", lambda m: f"{m['l']} {m['s'][:4]}"),
    (r'(?P<l>\S.*?)\s+(?P<w>"[^"]*")\s+(?P<r>(?:where|allow|warn|info)\b.*)', lambda m: f"{m['l']} {m['r']} {m['w']}"),
    (r"(?P<l>\S.*?)\s+(?P<s>warn|info)\s+(?P<r>(?:where|allow)\b.*?)(?P<w>\s+\"[^\"]*\")?", lambda m: f"{m['l']} {m['r']} {m['s']}{m['w'] or ''}"),
    (r"(?P<l>\S.*?)\s+(?P<a>allow\s+\S+(?:\s+rows?)?)\s+(?P<r>where\b.*?)(?P<w>(?:\s+(?:warn|info))?(?:\s+\"[^\"]*\")?)", lambda m: f"{m['l']} {m['r']} {m['a']}{m['w']}"),
    (r"(?P<l>\S.*?)\s+(?:if|when|for rows where|only where|only if)\s+(?P<r>\S.*)", lambda m: f"{m['l']} where {m['r']}"),
    (r"(?P<l>\S.*?)\s*[,(\[]?\s*(?:severity\s*[:=]?\s*)?(?P<s>warn|info)(?:ing|ing only| only)?\s*[)\]]?", lambda m: f"{m['l']} {m['s']}"),
    (r"(?P<l>\S.*?)\s*[,(\[]?\s*(?:severity\s*[:=]?\s*)?(?:error|hold|fail|critical|block)\s*[)\]]?", lambda m: m["l"]),
    (r"(?P<l>\S.*?)\s+\(?(?:with\s+)?(?:allow|allowing|tolerance|except)\s*:?=?\s*(?P<n>[\d.]+)\s*(?:%|percent)(?:\s+(?:bad|failures?|failing|nulls?))?\)?(?P<r>\s.*)?", lambda m: f"{m['l']} allow {m['n']}%{m['r'] or ''}"),
    (r"(?P<l>\S.*?)\s+(?:allow|except)\s*:?=?\s*(?P<n>\d+)(?:\s+(?:rows?|bad|failures?|bad rows))?(?P<r>\s+(?:warn|info|\").*)?", lambda m: f"{m['l']} allow {m['n']} rows{m['r'] or ''}"),
    (r"(?P<l>\S.*?)\s*(?:--|#|//|;)\s*(?P<w>[^'\"#;]+)", lambda m: f'{m["l"]} "{m["w"].strip()}"'),
    (r"(?P<l>\S.*?[^<>=,(\s])\s+'(?P<w>[^']*\s[^']*)'", lambda m: f'{m["l"]} "{m["w"]}"'),
    (r"(?P<l>\S.*?)(?:;|,|\.)\s*", lambda m: m["l"]),
    (r"(?:assert|check|expect|ensure|verify|test|rule|-)\s*:?\s+(?P<l>\S.*)", lambda m: m["l"]),
)  # fmt: skip
