"""What a line that can't be read was meant as: other tools' words, SQL's, English, turned into the language.

A rule is a pattern and what to write instead. Rules are tried on the line, and on what they make of it, until a line reads; no line is
offered that was not read. What two people would mean differently has no rule.
"""

# ruff: noqa: E501 - a rule is one line
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise

from andon.checks.language.tokens import cut

#: How often a line may be rewritten.
_STEPS = 3
#: Lines that are longer are read by people who know the language, or are no checks.
_LONGEST = 200

_C = r'(?P<c>[^\W\d]\w*|"[^"]+")'
_CS = r'(?P<c>(?:[^\W\d]\w*|"[^"]+")(?:\s*(?:,|\band\b|&)\s*(?:[^\W\d]\w*|"[^"]+"))*)'
_N = r"(?P<n>-?\d[\d_]*(?:\.\d+)?)"
_M = r"(?P<m>-?\d[\d_]*(?:\.\d+)?)"
_D = r"(?P<d>[^\W\d]\w*\.[^\W\d]\w*(?:\.[^\W\d]\w*|\s*\(\s*[^\W\d]\w*\s*\))?)"
_BE = r"(?:(?:must|should|has to|shall|needs to|can)\s+)?(?:be\s+|is\s+|are\s+)?"
_TAIL = r"(?P<tail>(?:\s+(?:where|allow|warn|info)\b.*|\s+\"[^\"]*\")?)"

Make = Callable[["re.Match[str]"], str]


def _listed(names: str) -> str:
    return ", ".join(part.strip() for part in re.split(r"\s*(?:,|\band\b|&)\s*", names) if part.strip())


def _values(text: str) -> str:
    """Elements of a list, quoted where they are no single words."""
    parts = [part.strip() for part in re.split(r"\s*(?:,|\||\bor\b)\s*", text) if part.strip()]
    made = []
    for part in parts:
        bare = part[1:-1] if part[0] == part[-1] and part[0] in "\"'" and len(part) > 1 else part
        is_number = re.fullmatch(r"-?\d[\d_]*(\.\d+)?", bare) is not None
        plain = re.fullmatch(r"[^\W\d]\w*", bare) is not None and bare.lower() not in _NO_ELEMENT
        made.append(bare if plain or (is_number and bare == part) else "'" + bare.replace("'", "''") + "'")
    return ", ".join(made)


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'/`").replace("'", "''")


_NO_ELEMENT = frozenset(("null", "and", "or", "not", "where", "allow", "warn", "info", "in"))
_UNITS = {"minute": "min", "min": "min", "hour": "h", "h": "h", "hr": "h", "day": "d", "d": "d", "week": "w", "w": "w"}
_UNIT = r"(?P<u>minute|min|hour|hr|h|day|d|week|w)s?"
_WORDED = {
    "greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">", "more than": ">", "larger than": ">",
    "bigger than": ">", "above": ">", "over": ">", "less than": "<", "fewer than": "<", "smaller than": "<", "below": "<",
    "under": "<", "at least": ">=", "at most": "<=", "no more than": "<=", "no less than": ">=", "equal to": "=", "equals": "=",
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
_MOMENTS = {"after": ">", "since": ">=", "before": "<", "until": "<="}
_AGGREGATES = {"average": "avg", "mean": "avg", "total": "sum"}
_COMPARED = "|".join(sorted(_WORDED, key=len, reverse=True))
_AGE = r"(?:max_age|maxage|freshness|fresh|age)"

_RULES: tuple[tuple[str, Make], ...] = (
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
    (rf"{_C}\s*:?\s+{_BE}(?P<no>not\s+)?(?:in|one of|any of|among|either|values?|accepted_values|enum)\s*:?\s*[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} {'not ' if m['no'] else ''}in {_values(m['v'])}{m['tail']}"),
    (rf"(?:accepted_values|values)\s*:?\s*\(?{_C}\)?\s*:?\s*[\[{{(]?\s*(?P<v>[^\[\]{{}}()]+?)\s*[\]}})]?{_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    (rf"{_C}\s*(?:=+|is)\s*(?P<v>[^=<>()]+?\s+or\s+[^=<>()]+?){_TAIL}", lambda m: f"{m['c']} in {_values(m['v'])}{m['tail']}"),
    # patterns
    (rf"{_C}\s*:?\s+{_BE}(?:an?\s+|valid\s+|like\s+|format\s+|matches\s+|has format\s+)+(?P<p>email|uuid|iban|url|ip|phone|date|country|currency|luhn|slug|ipv4|ipv6|hex|digits)s?{_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
    (rf"{_C}\s*:\s*(?P<p>email|uuid|iban|url|ip|phone|date|country|currency|luhn|slug|ipv4|ipv6|hex|digits){_TAIL}", lambda m: f"{m['c']} is {m['p']}{m['tail']}"),
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
    (r"(?P<l>\S.*?)\s+(?:allow|tolerance|except|mostly)\s*:?=?\s*(?P<n>[\d.]+)\s*(?:%|percent)(?P<r>\s.*)?", lambda m: f"{m['l']} allow {m['n']}%{m['r'] or ''}"),
    (r"(?P<l>\S.*?)\s+(?:allow|except)\s*:?=?\s*(?P<n>\d+)(?:\s+(?:rows?|bad|failures?|bad rows))?(?P<r>\s+(?:warn|info|\").*)?", lambda m: f"{m['l']} allow {m['n']} rows{m['r'] or ''}"),
    (r"(?P<l>\S.*?)\s*(?:--|#|//|;)\s*(?P<w>[^'\"#;]+)", lambda m: f'{m["l"]} "{m["w"].strip()}"'),
    (r"(?P<l>\S.*?[^<>=,(\s])\s+'(?P<w>[^']*\s[^']*)'", lambda m: f'{m["l"]} "{m["w"]}"'),
    (r"(?P<l>\S.*?)(?:;|,|\.)\s*", lambda m: m["l"]),
    (r"(?:assert|check|expect|ensure|verify|test|rule|-)\s*:?\s+(?P<l>\S.*)", lambda m: m["l"]),
)  # fmt: skip

_COMPILED = tuple((re.compile(rf"\s*{pattern}\s*\Z", re.IGNORECASE), make) for pattern, make in _RULES)


def _dataset(text: str) -> str:
    """`shop.customers (id)` as `shop.customers.id`."""
    return re.sub(r"\s*\(\s*(\w+)\s*\)", r".\1", text)


def meant(line: str, reads: Callable[[str], bool]) -> str | None:
    """The line that `line`, which can't be read, was meant as; None where no rule makes one that reads.

    Args:
        reads: whether a line is a check of the dataset.
    """
    plain = " ".join(line.split())
    if len(plain) > _LONGEST or any(t.kind in ("string", "quoted") and t.text not in plain for t in cut(line)):
        return None  # blanks within a text stay what they are
    seen, waiting = {plain}, [plain]
    for _ in range(_STEPS):
        made = [one for each in waiting for one in _rewritten(each) if one not in seen]
        seen.update(made)
        for one in made:
            if reads(one):
                return one
        waiting = list(dict.fromkeys(made))[:12]
    return None


def _rewritten(line: str) -> Iterator[str]:
    for pattern, make in _COMPILED:
        match = pattern.match(line)
        if match:
            yield " ".join(make(match).split())


def with_text(line: str, names: Collection[str]) -> str | None:
    """`line` with a name on the right of `=` or in a list as a text; None where none of `names` stands there."""
    wanted = {name.lower() for name in names}
    parts = cut(line)
    for before, token in pairwise(parts):
        if before.text in ("=", "==", "<>", "!=") and token.kind in ("word", "quoted") and token.name.lower() in wanted:
            return line[: token.start] + "'" + token.name.replace("'", "''") + "'" + line[token.end :]
    return None
