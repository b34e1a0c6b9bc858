"""Visits every page of an installed Andon in a browser, in a process of its own; says what it found as one line of JSON.

Called with the folder of the installation and a folder to work in, where there may be no network at all.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from starlette.routing import compile_path  # noqa: TID253 - the addresses of pages are its

import andon
from andon.web.assets import Assets
from andon.web.pages import all_pages
from kit.browsing import Watched, chromium
from kit.clones import FILES, Clone
from kit.serving import serving

#: So many pages are opened.
_MOST_PAGES = 9


def reaches_others() -> bool:
    """Whether there is a way to any other machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        try:
            found.connect(("192.0.2.1", 9))
        except OSError:
            return False
        return True


def visit(root: Path) -> dict[str, Any]:
    """Serve a project, open each page of a fixed address and what they lead to, load each file."""
    clone = Clone(root)
    clone.fill(FILES)
    clone.run()
    assets = Assets()
    routes = [compile_path(page.path)[0] for page in all_pages()]
    pages = [page.path for page in all_pages() if "{" not in page.path]
    with serving(root) as found, chromium() as browser:
        watched = Watched(browser.new_page(), found.address)
        titles: dict[str, str] = {}
        for path in pages:
            titles[path] = watched.go(path).title()
            others = [p for p in watched.leads_to() if p not in pages and any(route.match(p) for route in routes)]
            pages += others[: _MOST_PAGES - len(pages)]
        addresses = [assets.address_of(name) for name in assets.files]
        statuses = watched.page.evaluate(
            "async addresses => Promise.all(addresses.map(async a => (await fetch(a)).status))", addresses
        )
        fonts = watched.page.evaluate(
            "async () => (await document.fonts.ready, [...document.fonts].map(f => f.status))"
        )
    return {
        "package": andon.__file__,
        "others": reaches_others(),
        "titles": titles,
        "wrong": watched.wrong,
        "files": dict(zip(assets.files, statuses, strict=True)),
        "fonts": fonts,
    }


if __name__ == "__main__":
    print(json.dumps(visit(Path(sys.argv[1]))), flush=True)
    os._exit(0)  # what a page asked for and nobody waits for any more may still go on in a thread
