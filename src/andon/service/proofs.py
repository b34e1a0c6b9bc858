"""What was proved of a lake: past versions that were built again, and readings of all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.model.reproduction import OpenConstruct, ReproVerdict
from andon.model.reproduction_sample import MissCause, NotedReproduction
from andon.model.verification import LakeReading
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: What makes a pattern of a name.
_PATTERN = re.compile(r"[*?\[]")
#: So many are listed, and so many readings.
LISTED, _READINGS = 100, 5


class ProofLine(Document):
    """A past version that was built again.

    Attributes:
        at: when (ISO text), by `who`; `andon` is at night.
        verdict: null where it could not be built, with the error's `code`.
        how: how the two are known to be the same, or what differs.
        commit: at which it was built again, where it is not repeated.
        cause: by which it most likely differs; null where nothing is known, or it is repeated.
        expected: whether its code says that it need not come out the same.
    """

    at: str
    who: str
    dataset: str
    build: str
    verdict: ReproVerdict | None
    how: str
    code: str | None
    seconds: float
    commit: str | None
    cause: OpenConstruct | None
    expected: bool


class ProofsDocument(Document):
    """What was proved.

    Attributes:
        repeated, built: of all builds that were ever built again, each by what came out last, how many are repeated.
        share: that is repeated; null where none was built.
        nightly: how many are drawn each night; `read_nightly` whether the lake is read whole.
        proofs: the newest first.
        readings: the same, of all of the lake.
    """

    repeated: int
    built: int
    share: float | None
    nightly: int
    read_nightly: bool
    proofs: list[ProofLine]
    readings: list[LakeReading]


class ProofDesk:
    """Tells what was proved of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def show(self, datasets: Sequence[str] = (), limit: int = LISTED) -> ProofsDocument:
        """The newest proofs, and how many past versions are repeated by them.

        Args:
            datasets: names or patterns, `marts.*`; all without any.
            limit: so many are listed.

        Raises:
            UsageError: `lake.dataset_not_found` for a name of which nothing was ever built again, and that no dataset has.
        """
        workspace = self._workspace
        known = [
            (number, each)
            for number, each in workspace.reproductions.newest_first()
            if not datasets or any(fnmatchcase(each.dataset, pattern) for pattern in datasets)
        ]
        self._require_known(datasets, {each.dataset for _, each in known})
        last: dict[tuple[str, str], bool] = {}
        for _, each in known:
            if not (each.kept and each.holds):
                last.setdefault((each.dataset, each.build), each.holds)
        misses = workspace.reproductions.causes_of([number for number, _ in known[:limit]])
        repeated, built = sum(last.values()), len(last)
        return ProofsDocument(
            repeated=repeated,
            built=built,
            share=round(repeated / built, 4) if built else None,
            nightly=int(workspace.settings.get("reproduce.nightly")),
            read_nightly=bool(workspace.settings.get("verify.nightly")),
            proofs=[_line(each, misses.get(number)) for number, each in known[:limit]],
            readings=workspace.nights.readings(_READINGS),
        )

    def _require_known(self, datasets: Sequence[str], proved: set[str]) -> None:
        for name in datasets:
            if name not in proved and not _PATTERN.search(name):
                View.at(self._workspace, None).leaf(name)


def _line(noted: NotedReproduction, miss: MissCause | None) -> ProofLine:
    if miss is None:
        return ProofLine.about(noted, commit=None, cause=None, expected=False)
    return ProofLine.about(noted, commit=miss.commit, cause=next(iter(miss.causes), None), expected=miss.is_expected)
