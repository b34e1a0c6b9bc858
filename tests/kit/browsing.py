"""A real browser over a served project: Debian's chromium, driven by Playwright."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: Made with the browser parts, and in no wheel.
AXE = Path(__file__).resolve().parents[2] / "browser" / "made" / "axe.js"
#: Milliseconds for which what is to come is waited for: longer than it takes on a machine that is busy with much else.
LONGEST = 60_000
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Cells of tables whose words are broken to a letter or two a line.
_SQUEEZED = """[...document.querySelectorAll('td, th')].filter(cell => {
  const style = getComputedStyle(cell), shown = cell.cloneNode(true), room = cell.clientWidth;
  shown.querySelectorAll('.vh').forEach(hidden => hidden.remove());
  const text = shown.textContent.trim();
  const within = room - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return room > 0 && style.whiteSpace !== 'nowrap' && text.length > 7 && within < 44;
}).map(cell => cell.textContent.trim().slice(0, 40))"""

#: Heads of cards that reach over the card, or have words in a narrow pile beside something else.
_CRAMPED = """[...document.querySelectorAll('.card > header')].filter(head => head.scrollWidth > head.clientWidth
  || [...head.children].some(each => each.textContent.trim() && each.offsetHeight > 80 && each.offsetWidth < 100))
  .map(head => head.textContent.trim().slice(0, 40))"""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window. Without one on this machine the test is skipped; in CI that is an error."""
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "CI installs chromium"
        pytest.skip("there is no chromium on this machine")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=LONGEST)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page that a person looks at; whatever its console says, what it could not load, and what it asked elsewhere."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.wrong: list[str] = []
        page.set_default_timeout(LONGEST)
        page.on("console", lambda said: said.type == "error" and self.wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", lambda asked: self._is_own(asked.url) or self.wrong.append(f"elsewhere: {asked.url}"))

    def _is_own(self, url: str) -> bool:
        return url.startswith((self.address, "data:", "blob:"))

    def go(self, path: str) -> Any:
        """Visit an address, and wait until it is there."""
        self.page.goto(self.address + path)
        return self.page

    def leads_to(self) -> list[str]:
        """Addresses of pages that the page as it is leads to, without what stands behind the `?`."""
        read = "links => links.map(each => each.getAttribute('href'))"
        found = self.page.locator('a[href^="/"]:not([href^="/api/"])').evaluate_all(read)
        return sorted({address.partition("?")[0].partition("#")[0] for address in found})

    def require_whole(self, address: str) -> None:
        """Hold a page to what holds for all: at a desk in the light, in the dark, and on a phone; what is loaded late is there, too."""
        self.wrong.clear()
        self.page.set_viewport_size(DESK)
        page = self.go(address)
        page.wait_for_load_state("networkidle")
        assert re.search(r"\S · Andon$", page.title())
        assert page.locator("html").get_attribute("data-theme") == "light"
        assert self.accessibility() == []
        page.evaluate("document.documentElement.dataset.theme = 'dark'; dispatchEvent(new Event('themechange'))")
        assert self.accessibility("color-contrast") == []
        page.set_viewport_size(PHONE)
        assert self.accessibility() == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0, "only its main part scrolls"
        assert page.evaluate(_SQUEEZED) == []
        assert page.evaluate(_CRAMPED) == []
        assert self.wrong == []

    def accessibility(self, *rules: str) -> list[str]:
        """What axe finds wrong with the page as it is: by `rules`, or all it knows."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        only = {"runOnly": list(rules)} if rules else {}
        found = self.page.evaluate("async (only) => (await axe.run(document, only)).violations", only)
        return [f"{each['id']}: {each['nodes'][0]['target']} {each['help']}" for each in found]
