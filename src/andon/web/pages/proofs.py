"""What was proved of the lake: past versions built again, and readings of all of it."""

from __future__ import annotations

from andon.base.document import Document
from andon.model.reproduction import ReproVerdict
from andon.render.reproductions import proof_words, proved_words
from andon.service.proofs import ProofLine
from andon.web.pages.page import PageCall, PageRoute, Shown


class ProofsLooked(Document, kw_only=True):
    """Of which dataset.

    Attributes:
        dataset: its name, or a pattern; all without it.
    """

    dataset: str | None = None


def _proofs(call: PageCall) -> Shown:
    asked: ProofsLooked = call.query
    found = call.service.proofs.show([asked.dataset] if asked.dataset else [])
    return {
        "found": found,
        "dataset": asked.dataset,
        "words": proof_words,
        "sums": proved_words(found),
        "state": _state,
        "identical": ReproVerdict.IDENTICAL,
    }


def _state(line: ProofLine) -> str:
    """The glyph of a proof."""
    if line.verdict is not None and line.verdict.holds:
        return "ok"
    return "stale" if line.expected else "fail"


PAGES = (PageRoute("/proofs", "proofs.html", _proofs, ProofsLooked),)
