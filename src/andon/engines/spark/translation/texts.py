"""Functions of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.casts import loud
from andon.engines.spark.translation.patterns import groups_of, java_pattern, java_replacement, matches_empty
from andon.engines.spark.translation.values import text_literal

#: Letters whose other case is several letters, hangs on their neighbours, or is newer than some engine's Unicode.
_UNEVEN = (
    "[\u00df\u0130\u0149\u019b\u01f0\u0264\u0390\u03a3\u03b0\u0587\u1c80-\u1c8f\u1e96-\u1e9e\u1f50-\u1fff"
    "\u2c2f\u2c5f\ua7c0-\ua7ff\ufb00-\ufb17\U00010400-\U0001efff]"
)


def _texts_only(call: FunctionCall) -> None:
    if set(call.kinds) != {"VARCHAR"}:
        raise call.refused("cast all arguments to VARCHAR")


def _joined(call: FunctionCall) -> str:
    _texts_only(call)
    return f"concat({', '.join(call.texts)})"


def _concat(call: FunctionCall) -> str:
    _texts_only(call)
    parts = ", ".join(f"coalesce({text}, '')" for text in call.texts)
    return f"concat({parts})"


def _concat_with(call: FunctionCall) -> str:
    _texts_only(call)
    call.words(0)
    return f"concat_ws({', '.join(call.texts)})"


def cased(word: str, text: str) -> str:
    """`text` in upper or lower case; fails loudly at letters that the engines write differently."""
    error = f"cast({loud(f'{word}() of letters that engines write differently')} as string)"
    return f"(case when {text} rlike {text_literal(_UNEVEN)} then {error} else {word}({text}) end)"


def _case(word: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        _texts_only(call)
        return cased(word, call.texts[0])

    return rule


def _plain(word: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        _texts_only(call)
        return f"{word}({', '.join(call.texts)})"

    return rule


#: What DuckDB takes for a space where no letters are named: all of Unicode's, without tabs and ends of lines.
_SPACES = "".join([" \u00a0\u1680", *(chr(code) for code in range(0x2000, 0x200B)), "\u202f\u205f\u3000"])


def _trimmed(where: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        _texts_only(call)
        if len(call.arguments) == 1:
            return f"trim({where} {text_literal(_SPACES)} from {call.texts[0]})"
        if not call.words(1):
            return call.texts[0]
        return f"trim({where} {call.texts[1]} from {call.texts[0]})"

    return rule


def _part(call: FunctionCall) -> str:
    if isinstance(call.arguments[1].constant, int) and call.arguments[1].constant < 1:
        raise call.refused("`right(text, 2)` from the end, or written numbers from 1 on")
    call.written(1, least=1)
    if len(call.arguments) == 3:
        call.written(2, least=0)
    text, *numbers = call.texts
    return f"substring({', '.join([text, *(f'cast({number} as int)' for number in numbers)])})"


def _slice(call: FunctionCall) -> str:
    if call.kinds[0] != "VARCHAR" or len(call.arguments) != 3:
        raise call.refused("`substr(text, from, length)` takes a part of a text; lists have no slices")
    first, last = call.written(1, least=1), call.written(2, least=0)
    return f"substring({call.texts[0]}, {first}, {max(0, last - first + 1)})"


def _side(call: FunctionCall) -> str:
    count = call.written(1, least=0)
    return f"{call.name}({call.texts[0]}, {count})"


def _padded(call: FunctionCall) -> str:
    count = call.written(1, least=0)
    if not call.words(2):
        raise call.refused("pad with at least one letter")
    return f"{call.name}({call.texts[0]}, {count}, {call.texts[2]})"


def _split_part(call: FunctionCall) -> str:
    if not call.words(1):
        raise call.refused("split at at least one letter")
    return f"split_part({call.texts[0]}, {call.texts[1]}, {call.written(2, least=1)})"


def _replaced(call: FunctionCall) -> str:
    _texts_only(call)
    if not call.words(1):
        raise call.refused("replace at least one letter")
    return f"replace({', '.join(call.texts)})"


def _found(call: FunctionCall) -> str:
    _texts_only(call)
    return f"cast(instr({call.texts[0]}, {call.texts[1]}) as bigint)"


def _repeated(call: FunctionCall) -> str:
    if call.kinds[0] != "VARCHAR":
        raise call.refused("repeat a text")
    return f"repeat({call.texts[0]}, {call.written(1, least=0)})"


def _sha256(call: FunctionCall) -> str:
    _texts_only(call)
    return f"sha2({call.texts[0]}, 256)"


def _like(large: bool, not_: bool) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        pattern = call.words(1)
        if "\\" in pattern:
            raise call.refused("`like '10!%' escape '!'`, or `contains(text, part)`")
        text = call.texts[0]
        if large:
            if not pattern.isascii():
                raise call.refused("a pattern of plain letters")
            text, pattern = cased("lower", text), pattern.lower()
        said = f"({text} like {text_literal(pattern)})"
        return f"(not {said})" if not_ else said

    return rule


def _like_escape(call: FunctionCall) -> str:
    pattern, escape = call.words(1), call.words(2)
    if len(escape) != 1 or escape in "%_\\" or "\\" in pattern:
        raise call.refused("`escape '!'`: one sign that is no backslash")
    return f"({call.texts[0]} like {text_literal(pattern)} escape {text_literal(escape)})"


def _matched(whole: bool) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        if len(call.arguments) != 2:
            raise call.refused("leave the options out")
        pattern = java_pattern(call.words(1), call.name)
        pattern = rf"\A(?:{pattern})\z" if whole else pattern
        return f"({call.texts[0]} rlike {text_literal(pattern)})"

    return rule


def _regexp_extract(call: FunctionCall) -> str:
    if len(call.arguments) not in (2, 3):
        raise call.refused("leave the options out, and take one group by its number")
    written = call.words(1)
    group = call.written(2, least=0) if len(call.arguments) == 3 else 0
    if group > groups_of(written):
        raise call.refused(f"the pattern has {groups_of(written)} groups")
    return f"regexp_extract({call.texts[0]}, {text_literal(java_pattern(written, call.name))}, {group})"


def _regexp_replace(call: FunctionCall) -> str:
    options = call.words(3) if len(call.arguments) == 4 else ""
    written = call.words(1)
    if options not in ("", "g"):
        raise call.refused("no other option than 'g'")
    if matches_empty(written):
        raise call.refused("a pattern that matches at least one letter")
    pattern = java_pattern(written, call.name)
    if options == "g":
        replacement = java_replacement(call.words(2), 0, call)
    elif "^" in written.replace("[^", ""):
        raise call.refused("`'g'` where the pattern begins with `^`: it matches once")
    else:  # the first only: what stands before it is taken along
        pattern = rf"\A([\s\S]*?)(?:{pattern})"
        if call.server == "sail":
            raise call.refused("`'g'`: all matches, not the first only")
        replacement = "$1" + java_replacement(call.words(2), 1, call)
    return f"regexp_replace({call.texts[0]}, {text_literal(pattern)}, {text_literal(replacement)})"


def _split(call: FunctionCall) -> str:
    separator = call.words(1)
    if not separator:
        raise call.refused("split at at least one letter")
    quoted = "".join(
        letter if letter.isalnum() or letter in " ,;:_" or ord(letter) > 127 else f"\\{letter}" for letter in separator
    )
    return f"split({call.texts[0]}, {text_literal(quoted)}, -1)"


def _error(call: FunctionCall) -> str:
    return f"cast({loud(call.words(0).splitlines()[0])} as {call.of})"


TEXTS: Mapping[str, Callable[[FunctionCall], str]] = {
    "!~~": _like(large=False, not_=True),
    "!~~*": _like(large=True, not_=True),
    "concat": _concat,
    "concat_ws": _concat_with,
    "contains": _plain("contains"),
    "ends_with": _plain("endswith"),
    "error": _error,
    "instr": _found,
    "lcase": _case("lower"),
    "left": _side,
    "like_escape": _like_escape,
    "lower": _case("lower"),
    "lpad": _padded,
    "ltrim": _trimmed("leading"),
    "md5": _plain("md5"),
    "position": _found,
    "prefix": _plain("startswith"),
    "regexp_extract": _regexp_extract,
    "regexp_full_match": _matched(whole=True),
    "regexp_matches": _matched(whole=False),
    "regexp_replace": _regexp_replace,
    "repeat": _repeated,
    "replace": _replaced,
    "right": _side,
    "rpad": _padded,
    "rtrim": _trimmed("trailing"),
    "sha256": _sha256,
    "split": _split,
    "split_part": _split_part,
    "starts_with": _plain("startswith"),
    "str_split": _split,
    "string_split": _split,
    "strlen": lambda call: f"cast(octet_length({call.texts[0]}) as bigint)",
    "strpos": _found,
    "substr": _part,
    "substring": _part,
    "suffix": _plain("endswith"),
    "array_slice": _slice,
    "list_slice": _slice,
    "trim": _trimmed("both"),
    "ucase": _case("upper"),
    "upper": _case("upper"),
    "||": _joined,
    "~~": _like(large=False, not_=False),
    "~~*": _like(large=True, not_=False),
}
