"""Pages: one module per noun; every address is a whole page, and parts of it answer alone where they are asked for."""

from __future__ import annotations

from andon.web.pages import board, calls, catalog, changes, dataset, edit, sql
from andon.web.pages.page import PageRoute


def all_pages() -> tuple[PageRoute, ...]:
    """Every page, in the order in which addresses are tried."""
    return tuple(page for module in (board, catalog, dataset, sql, changes, edit, calls) for page in module.PAGES)
