"""Draws pages: templates with what every one of them may say, whole or only the part that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from andon.render.prose import paragraphs
from andon.render.visible import visible, visible_lines
from andon.render.words import short
from andon.web.pages.words import STATES, filters

if TYPE_CHECKING:
    from jinja2 import Template

    from andon.web.assets import Assets

#: Macros that every template may use without an import: a part that is drawn alone has none.
_MACROS = ("_parts.html", "_drawings.html", "_code.html", "_change.html", "_runs.html", "_incidents.html")
_PART = re.compile(r"[\w-]+\Z")


class Renderer:
    """Draws templates below `web/templates`.

    Args:
        assets: where files of pages lie.
    """

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    @cached_property
    def _environment(self) -> Environment:
        found = Environment(
            loader=PackageLoader("andon.web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        found.filters.update(filters(), short=short, visible=visible, visible_text=_visible_text, paragraphs=paragraphs)
        found.globals.update(static=self._assets.address, STATES=STATES, href=href, drawing=self._drawing)
        for each in _MACROS:  # in this order: a file of macros may use those before it
            module = found.get_template(each).module
            found.globals.update({name: macro for name, macro in vars(module).items() if not name.startswith("_")})
        return found

    def _drawing(self, name: str) -> str:
        """Where the drawing of an icon is."""
        if name not in self._assets.icon_names and self._assets.is_complete:
            raise ValueError(f"no icon is called {name}: browser/icons.txt lists them, `make pages` adds one")
        return f"{self._assets.address}/vendor/icons.svg#{name}"

    def page(self, template: str, shown: Mapping[str, Any], part: str = "") -> str:
        """The HTML of a page, or of its block `part` alone.

        Args:
            part: a name of a block, `-` as `_`; one that the template does not have gives the whole page.
        """
        found: Template = self._environment.get_template(template)
        block = found.blocks.get(part)
        if block is None:
            return found.render(shown)
        return "".join(block(found.new_context(dict(shown))))


def _visible_text(text: str) -> str:
    """A text of several lines, made fit to be shown."""
    return "\n".join(visible_lines(text))


def part_of(headers: Mapping[str, str]) -> str:
    """The block that a request wants alone: the id of the element that it is put into. htmx says `div#name`."""
    if "hx-request" not in headers:
        return ""
    name = headers.get("hx-target", "").rpartition("#")[2]
    return name.replace("-", "_") if _PART.match(name) else ""


def href(path: str, **query: Any) -> str:
    """An address with what stands behind the `?`; what is None is left out."""
    said = urlencode([(name, value) for name, value in query.items() if value is not None], doseq=True)
    return quote(path, safe="/:@!$'()*,;=-._~") + (f"?{said}" if said else "")
