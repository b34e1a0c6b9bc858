"""Pages: one module per noun; every address is a whole page, and parts of it answer alone where they are asked for."""

from __future__ import annotations

from importlib import import_module

from andon.web.pages.page import PageRoute

#: Modules with pages, in the order in which addresses are tried.
_HOMES = (
    "board",
    "catalog",
    "glossary",
    "dataset",
    "map",
    "architecture",
    "principles",
    "proofs",
    "sql",
    "changes",
    "edit",
    "save",
    "runs",
    "sources",
    "incidents",
    "insights",
    "analyses",
    "value",
    "requests",
    "suggestions",
    "simplify",
    "review",
    "calls",
)


def all_pages() -> tuple[PageRoute, ...]:
    """Every page, in the order in which addresses are tried."""
    homes = [import_module(f"andon.web.pages.{name}") for name in _HOMES]
    return tuple(page for home in homes for page in home.PAGES)
