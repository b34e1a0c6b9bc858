"""How bytes that are not UTF-8 can be read: the code pages in which their words look like words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from andon.base.record import Record

#: Python's codec, its name for `iconv`; the likelier first where words say nothing.
_PAGES = (
    ("cp1252", "windows-1252"), ("cp1250", "windows-1250"), ("cp1251", "windows-1251"), ("iso8859-2", "iso-8859-2"),
    ("iso8859-15", "iso-8859-15"), ("cp850", "cp850"), ("mac-roman", "macintosh"),
    ("koi8-r", "koi8-r"), ("cp866", "cp866"), ("shift-jis", "shift_jis"), ("euc-jp", "euc-jp"), ("gb18030", "gb18030"), ("big5", "big5"),
    ("euc-kr", "euc-kr"), ("cp1253", "windows-1253"), ("cp1254", "windows-1254"), ("cp1257", "windows-1257"),
)  # fmt: skip
#: First bytes of the characters that most texts are made of.
_COMMON = {
    "shift-jis": ((0x82, 0x83), (0x88, 0x97)),
    "euc-jp": ((0xA4, 0xA5), (0xB0, 0xCF)),
    "gb18030": ((0xB0, 0xD7),),
    "big5": ((0xA4, 0xC6),),
    "euc-kr": ((0xB0, 0xC8),),
}
_OFTEN = frozenset("äöüßÄÖÜéèàáíóúñçâêîôûëïãõåæøÉąćęłńóśźżčďěňřšťůžőűŁŚŽČŠŘİığş")
#: Marks that stand beside letters.
_BESIDE = frozenset(
    "\u2018\u2019\u201c\u201d\u201e\u2013\u2014\u2026\u00b7\u00ab\u00bb\u00ae\u2122\u00a9\xa0\u00b4\u00b0`"
)
#: So many readings are told.
_TOLD = 4


class OtherReading(Record):
    """One way to read the bytes.

    Attributes:
        page: the code page as `iconv` names it.
        text: a line as it reads then.
    """

    page: str
    text: str


def readings(lines: Sequence[bytes]) -> list[OtherReading]:
    """The ways in which `lines`, which are not UTF-8, are text, the likeliest first; for each the first line that tells them apart."""
    scored: list[tuple[float, int, str, list[str]]] = []
    for place, (codec, page) in enumerate(_PAGES):
        try:
            texts = [line.decode(codec) for line in lines]
        except UnicodeDecodeError:
            continue
        common = codec not in _COMMON or _is_common(lines, codec)
        scores = [_score(text) for text in texts]
        good, bad = sum(g for g, _ in scores), sum(b for _, b in scores)
        if common and good > bad:
            scored.append((bad / good - good / 1e6, place, page, texts))
    told: list[tuple[str, list[str]]] = []
    for _, _, page, texts in sorted(s for s in scored if s[0] <= min(scored)[0] + 0.2):
        if all(texts != other for _, other in told):
            told.append((page, texts))
    told = told[:_TOLD]
    at = next((i for i in range(len(lines)) if len({texts[i] for _, texts in told}) == len(told)), 0)
    return [OtherReading(page, texts[at]) for page, texts in told]


def _is_common(lines: Sequence[bytes], codec: str) -> bool:
    """Whether most characters of several bytes are common ones."""
    found = common = 0
    for line in lines:
        for character in line.decode(codec):
            coded = character.encode(codec)
            if coded[0] > 0x7F:
                found += 1
                common += len(coded) > 1 and any(low <= coded[0] <= high for low, high in _COMMON[codec])
    return found > 0 and common >= 0.7 * found


def _score(text: str) -> tuple[float, float]:
    """How many words of `text` beyond ASCII look like words, and how many don't."""
    good = bad = 0.0
    for word in re.findall(r"[^\W\d_]+", text):
        if not word.isascii():
            if _is_word(word):
                good += (1 if len(word) > 1 else 0.1) + 0.1 * sum(c in _OFTEN for c in word)
            else:
                bad += 1
    for at, character in enumerate(text):
        kind = unicodedata.category(character)
        if character < "\x80" or kind.startswith("L"):
            continue
        beside = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
        if (
            kind in ("Cc", "Co", "Cn")
            or character == "\u00a4"
            or (character not in _BESIDE and any(c.isalpha() for c in beside))
        ):
            bad += 1
        else:
            good += 0.2  # a sign of its own, such as a currency before a number
    return good, bad


def _is_word(word: str) -> bool:
    scripts = {unicodedata.name(c, "?").split()[0] for c in word}
    if scripts & {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA"}:
        return "LATIN" not in scripts
    if len(scripts) > 1 or scripts & {"HALFWIDTH", "FEMININE", "MASCULINE", "MICRO", "?"}:
        return False
    if not (word.islower() or word.isupper() or word.istitle()):
        return False
    return scripts != {"LATIN"} or len(word) < 3 or sum(not c.isascii() for c in word) <= len(word) / 2
