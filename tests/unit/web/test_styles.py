"""Style sheets say colours in one place, and nothing of what no page has."""

from __future__ import annotations

import re
from pathlib import Path

import andon.web
from andon.render import block_svg, code

_WEB = Path(andon.web.__file__).parent
_SHEETS = {
    path.name: re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for path in (_WEB / "static" / "css").glob("*.css")
}
#: Classes that are put together of a word and a kind, or are made by parts of others.
_MADE = re.compile(r"c-|cm-")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab)\(")


def _texts() -> str:
    sources = [
        path for ending in ("*.html", "*.js", "*.py") for path in _WEB.rglob(ending) if "vendor" not in path.parts
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in [*sources, Path(code.__file__)])


def test_colours_stand_among_the_tokens_alone():
    found = {name: _COLOUR.findall(text) for name, text in _SHEETS.items() if name != "tokens.css"}
    assert {name: colours for name, colours in found.items() if colours} == {}
    assert len(_COLOUR.findall(_SHEETS["tokens.css"])) > 20


def test_what_a_drawing_has_is_styled_by_its_own_sheet_alone():
    """A class of the drawing that pages style, too, had their size: a sign of a block was as high as a lamp."""
    own = set(re.findall(r'class="([a-z ]+)"', Path(block_svg.__file__).read_text(encoding="utf-8")))
    classes = {each for names in own for each in names.split()} - {"architecture"}
    assert {"box", "sign", "fail"} <= classes
    alone = {
        selector.strip()
        for name in ("base.css", "parts.css", "overview.css")
        for rule in re.findall(r"([^{}]+)\{", _SHEETS[name])
        for selector in rule.split(",")
    }
    assert {f".{each}" for each in classes} & alone == set()


def test_each_class_is_one_that_a_page_has():
    words = set(re.findall(r"[\w-]+", _texts()))
    classes = {
        (sheet, name)
        for sheet, text in _SHEETS.items()
        for name in re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", text)
        if not _MADE.match(name)
    }
    assert len(classes) > 100
    assert sorted(each for each in classes if each[1] not in words) == []


def test_each_token_that_is_used_is_there():
    text = "\n".join(_SHEETS.values())
    scripts = _texts()
    used = set(re.findall(r"var\(\s*(--[\w-]+)", text))
    given = set(re.findall(r"(--[\w-]+)\s*:", text)) | set(re.findall(r"""["'](--[\w-]+)["']""", scripts))
    assert len(used) > 20
    assert sorted(used - given) == []
