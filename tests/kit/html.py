"""HTML read strictly: what a browser would mend is an error here."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
#: Of SVG, closed in themselves.
_DRAWN = frozenset(["use", "rect", "circle", "line", "path", "polyline", "polygon", "ellipse"])
_IN_NO_P = frozenset(
    (
        "p",
        "div",
        "section",
        "ul",
        "ol",
        "dl",
        "table",
        "form",
        "header",
        "footer",
        "h1",
        "h2",
        "h3",
        "pre",
        "fieldset",
        "details",
    )
)
#: What holds none of its kind, at whatever depth.
_ALONE = {
    "a": ("a", "button", "input", "select"),
    "button": ("a", "button", "input", "select"),
    "form": ("form",),
    "label": ("label",),
}
_PARENTS = {
    "li": ("ul", "ol"),
    "tr": ("tbody", "thead", "table", "tfoot"),
    "td": ("tr",),
    "th": ("tr",),
    "dt": ("dl", "div"),
    "dd": ("dl", "div"),
    "option": ("select", "datalist", "optgroup"),
}
_NAME = re.compile(r"[a-zA-Z][\w:.-]*\Z")
_LISTS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "list")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.meant: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "option":
            self._end_option()
        names = [name for name, _ in attrs]
        at = self.get_starttag_text() or tag
        if len(names) != len(set(names)) or not all(_NAME.match(name) for name in names) or not _NAME.match(tag):
            self._say(f"odd attributes: {at}")
        if any(name.startswith("on") or name == "style" for name in names):
            self._say(f"what the policy forbids: {at}")
        if tag in _IN_NO_P and "p" in self.open and "svg" not in self.open:
            self._say(f"in a <p>: {at}")
        if any(tag in _ALONE.get(outer, ()) for outer in self.open) and ("type", "hidden") not in attrs:
            is_labelled = tag in ("input", "select") and "a" not in self.open and "button" not in self.open
            if not is_labelled:
                self._say(f"in another {[o for o in self.open if tag in _ALONE.get(o, ())]}: {at}")
        if self.open and tag in _PARENTS and self.open[-1] not in _PARENTS[tag]:
            self._say(f"in a <{self.open[-1]}>: {at}")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in _LISTS and value:
                self.meant += value.split()
            elif name in ("href", "action", "src") and re.match(r"\s*(javascript|data):", value or ""):
                self._say(f"a script: {at}")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _DRAWN:
            self.open.pop()
        elif tag not in _VOID:
            self._say(f"closed in itself: <{tag}/>")
            self.open.pop()

    def _end_option(self) -> None:
        """An option ends where the next one begins, or its list does."""
        if self.open and self.open[-1] == "option":
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "datalist", "optgroup"):
            self._end_option()
        if not self.open or self.open[-1] != tag:
            self._say(f"</{tag}> where {self.open[-3:]} is open")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass
        else:
            self.open.pop()

    def _say(self, what: str) -> None:
        self.wrong.append(f"{self.getpos()[0]}: {what[:300]}")


def wrong_with(page: str, *, whole: bool = True) -> list[str]:
    """What is wrong with an HTML text.

    Args:
        whole: False for a part of a page, which may mean ids of the rest.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = [*reader.wrong, *([f"open at its end: {reader.open}"] if reader.open else [])]
    found += [f"two have the id {id}" for id in sorted({each for each in reader.ids if reader.ids.count(each) > 1})]
    if whole:
        found += [f"nothing has the id {id}" for id in sorted(set(reader.meant) - set(reader.ids))]
        if not page.startswith("<!doctype html>"):
            found.append("no doctype")
    return found
