"""Regular expressions and formats of dates: what RE2, Java and Rust read alike, said so that they do."""

from __future__ import annotations

import re

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.spark_sql import NotTranslated

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_PUNCTUATION = frozenset(r"""\.[]{}()*+?^$|/-"'#@!%&,:;<=>~`_""")
_TOKEN = re.compile(
    r"""(?P<class>\[\^?(?:\\.|[^\[\]\\&~-]|&(?!&)|~(?!~)|(?<=[A-Za-z0-9])-(?=[A-Za-z0-9])|-(?=\]))+\])
    | \\(?P<kind>[dws]) | \\(?P<sign>.) | (?P<open>\((?:\?:)?(?!\?)) | (?P<many>[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\}\??)
    | (?P<end>\$) | (?P<any>\.) | (?P<plain>[)|^]|[^\\\[\](){}*+?.^$|])""",
    re.VERBOSE | re.DOTALL,
)
_FORM = (
    "a pattern of letters, classes such as `[a-z0-9]`, `\\d`, groups, `|` and `* + ? {n,m}`; `lower(text)` for `(?i)`"
)

#: What a part of DuckDB's formats is called in Java's.
_PARTS = {
    "Y": "yyyy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "M": "mm",
    "S": "ss",
    "y": "yy",
    "j": "DDD",
    "f": "SSSSSS",
    "b": "MMM",
    "B": "MMMM",
    "a": "EEE",
    "A": "EEEE",
}
#: Of these the names depend on no calendar of letters: all servers write them alike.
_NUMBERED = tuple("YmdHMS")


def java_pattern(written: str, function: str) -> str:
    """A pattern of RE2 so that Java and Rust match the same with it.

    Raises:
        NotTranslated: it holds what they read differently.
    """
    said, position = [], 0
    while position < len(written):
        found = _TOKEN.match(written, position)
        if found is None:
            raise _refused(written, function)
        said.append(_token(found, written, function))
        position = found.end()
    try:
        re.compile(written)
    except re.error:
        raise _refused(written, function) from None
    return "".join(said)


def _token(found: re.Match[str], written: str, function: str) -> str:
    if found["class"]:
        return _class(found["class"], written, function)
    if found["kind"]:
        return f"[{_CLASSES[found['kind']]}]"
    if found["sign"]:
        if found["sign"] not in _PUNCTUATION:
            raise _refused(written, function)
        sign = found["sign"]
        return f"\\{sign}" if sign in r"\.[]{}()*+?^$|" else sign
    if found["end"]:
        return "\\z"
    if found["any"]:
        return "[^\\n]"
    return found[0]


def _class(text: str, written: str, function: str) -> str:
    inner = re.sub(r"\\([dws])", lambda m: _CLASSES[m[1]], text[1:-1])
    signs = re.findall(r"\\(.)", text)
    if any(sign not in _PUNCTUATION and sign not in "dws" for sign in signs):
        raise _refused(written, function)
    return f"[{inner}]"


def _refused(written: str, function: str) -> NotTranslated:
    return NotTranslated(f"the pattern `{written}` of `{function}`", _FORM)


def groups_of(written: str) -> int:
    """How many groups a pattern takes out."""
    try:
        return re.compile(written).groups
    except re.error:
        return 0


def matches_empty(written: str) -> bool:
    """Whether a pattern matches where there is nothing."""
    try:
        return re.compile(written).search("") is not None
    except re.error:
        return True


def java_replacement(written: str, before: int, call: FunctionCall) -> str:
    """What a match is replaced by, as Java writes it; `before`: how many groups stand before those of the pattern.

    Raises:
        NotTranslated: it names a group in a way that is not known here.
    """
    said, position = [], 0
    while position < len(written):
        letter = written[position]
        if letter == "\\":
            following = written[position + 1 : position + 2]
            if not following.isdigit() or call.server == "sail" or written[position + 2 : position + 3].isdigit():
                raise call.refused("a replacement without groups")
            said.append(f"${int(following) + before if following != '0' or not before else 0}")
            if following == "0" and before:
                raise call.refused("a replacement without `\\0`")
            position += 2
            continue
        if letter == "$":
            if call.server == "sail":
                raise call.refused("a replacement without `$`")
            letter = "\\$"
        said.append(letter)
        position += 1
    return "".join(said)


def java_format(call: FunctionCall, written: str) -> str:
    """A format of `strftime` as `date_format` takes it.

    Raises:
        NotTranslated: it holds a part that is not known here.
    """
    said, position = [], 0
    while position < len(written):
        letter = written[position]
        if letter == "%":
            part = written[position + 1 : position + 2]
            known = _PARTS if call.server == "apache" else {key: _PARTS[key] for key in _NUMBERED}
            if part == "%":
                said.append("%")
            elif part in known:
                said.append(known[part])
            else:
                raise call.refused(f"a format of {' '.join(f'%{key}' for key in known)}")
            position += 2
            continue
        if letter.isalpha() or letter in "'[]{}#":
            if not letter.isalpha() or not letter.isascii():
                raise call.refused("a format of parts, spaces and the signs - / : . _")
            said.append(f"'{letter}'")
        else:
            said.append(letter)
        position += 1
    return "".join(said).replace("''", "")
