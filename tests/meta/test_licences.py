"""What is installed with Andon may be used with Apache-2.0: the licences of all dependencies, followed to the end."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

_FREE = re.compile(r"\b(MIT|BSD|Apache|ISC|MPL|Python Software Foundation|PSF|Zlib|0BSD|Unlicense)\b", re.IGNORECASE)
#: Under the LGPL: used as they are, and only where somebody asks for the extra that names them.
_LIBRARIES = {"psycopg", "psycopg-binary", "psycopg-pool"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _needed(name: str, extras: tuple[str, ...], seen: set[str]) -> set[str]:
    for text in distribution(name).requires or ():
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", text)
        if extra is not None and extra[1] not in extras:
            continue
        child = _NAME.match(text)[0].lower()
        if child not in seen:
            try:
                distribution(child)
            except PackageNotFoundError:
                continue  # for another platform or Python
            seen.add(child)
            _needed(child, (), seen)
    return seen


def test_what_is_always_there_has_no_such_licence() -> None:
    assert not _LIBRARIES & _needed("andon", (), set())


@pytest.mark.parametrize(
    "name", sorted(_needed("andon", tuple(distribution("andon").metadata.get_all("Provides-Extra")), set()))
)
def test_the_licence_allows_it(name):
    metadata = distribution(name).metadata
    said = [metadata.get("License-Expression"), metadata.get("License"), *metadata.get_all("Classifier", [])]
    licences = [text for text in said if text and (text in said[:2] or text.startswith("License ::"))]
    if not licences:
        files = [f for f in distribution(name).files or () if "licen" in str(f).lower() or "copying" in str(f).lower()]
        licences = [f.locate().read_text(encoding="utf-8", errors="replace") for f in files]
    if name in _LIBRARIES:
        assert any("LGPL" in text for text in licences), licences
        return
    assert any(_FREE.search(text) for text in licences), licences
    assert not any(re.search(r"\bGPL|\bAGPL", text) and not _FREE.search(text) for text in licences)
