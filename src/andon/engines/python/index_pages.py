"""Pages of the simple API, as JSON and as HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from andon.engines.python.index_file import IndexFile


def of_json(page: Any, base: str) -> list[IndexFile]:
    """The files of a page. Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` where it is none."""
    found = []
    for file in page["files"]:
        yanked = file.get("yanked", False)
        reason = yanked if isinstance(yanked, str) else "" if yanked else None
        found.append(
            IndexFile(file["filename"], urljoin(base, file["url"]), file.get("hashes", {}).get("sha256"), reason)
        )
    return found


def of_html(page: str, base: str) -> list[IndexFile]:
    """The files of a page."""
    reader = _Links(base)
    reader.feed(page)
    return reader.files


class _Links(HTMLParser):
    """Reads the links of a page of the simple API."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.files: list[IndexFile] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        known = dict(attrs)
        if tag != "a" or not known.get("href"):
            return
        url = urljoin(self._base, known["href"] or "")
        parts = urlsplit(url)
        kind, _, value = parts.fragment.partition("=")
        yanked = (known["data-yanked"] or "") if "data-yanked" in known else None
        name = unquote(parts.path.rpartition("/")[2])
        sha256 = value if kind == "sha256" else None
        self.files.append(IndexFile(name, urlunsplit(parts._replace(fragment="")), sha256, yanked))
