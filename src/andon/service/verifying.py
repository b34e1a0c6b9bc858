"""Reading a lake whole: each file and each object that commits reach, compared with its hash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.errors import MachineError, UsageError
from andon.lake.going import MARKED
from andon.lake.reached import FILES, Part, Reached
from andon.model.verification import DamagedPart, GoneData, TouchedCommit, Verification
from andon.runs.planning.raw_files import kept_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from andon.lake.reached import Touched
    from andon.lake.sealed import Sealed
    from andon.workspace.workspace import Workspace

_KINDS = ("branch", "tag", "run")


class Verifying:
    """Reads one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def verify(
        self,
        ref: str | None = None,
        *,
        all: bool = False,
        told: Callable[[int, int, int, int], None] | None = None,
    ) -> Verification:
        """Read all files and objects of a commit, whatever is known of them, and compare each with its hash.

        Args:
            ref: the commit; without it the newest one of the branch.
            all: instead every commit that a branch, a tag or a run reaches, and what runs of analyses made.
            told: is told as files are read: how many files and bytes, and of how many.

        Raises:
            UsageError: `usage.bad_argument` for a ref with `all`; `lake.ref_not_found`.
            ConflictError: `lake.lease_lost` where this process was silent for so long that what it read may be gone.
            MachineError: `lake.elsewhere` where not all was brought to this storage yet.
        """
        self._workspace.lake.home.require_whole()
        with self._workspace.lake.leases.reading_all():
            whole = self._verified(ref, all, told or nobody)
        if all:
            self.note(whole)
        return whole

    def _verified(self, ref: str | None, all: bool, tell: Callable[[int, int, int, int], None]) -> Verification:
        begun = time.monotonic()
        reached, name = self.reached(ref, all=all)
        gone, files = self._gone(reached.files(), reached.owners())
        total = sum(file.size for file in files.values())
        tell(0, 0, len(files), total)
        found: dict[Part, str] = {(wrong.kind, wrong.id): wrong.what for wrong in reached.wrong}
        intact = self._workspace.lake.intact
        damages = intact.damages([*files.values()], lambda count, size: tell(count, size, len(files), total))
        broken = {each.path: each.what for each in damages if not each.is_gone}
        found.update({part: broken[part[1]] for part in files if part[1] in broken})
        return Verification(
            ref=name,
            commits=len(reached.commits),
            files=len(files),
            bytes=total,
            objects=reached.objects,
            seconds=round(time.monotonic() - begun, 3),
            damaged=damaged_parts(found, reached),
            gone=gone,
        )

    def note(self, found: Verification) -> None:
        """Keep what came of reading all of it; who may not write keeps nothing."""
        workspace = self._workspace
        if workspace.lake.database.is_read_only:
            return
        try:
            workspace.nights.add_reading(to_text(workspace.clock()), workspace.caller.author, found)
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk"):
                raise

    def _gone(
        self, files: Mapping[Part, Sealed], owners: Mapping[Part, str]
    ) -> tuple[list[GoneData], dict[Part, Sealed]]:
        """What was taken away, by dataset, and the files that should be there."""
        lake = self._workspace.lake
        out = [path for path, row in lake.going.all().items() if row.state != MARKED]
        taken = set(out) - lake.storage.sizes(out).keys()
        there = {part: file for part, file in files.items() if file.path not in taken}
        sums: dict[str, tuple[int, int]] = {}
        for part in files.keys() - there.keys():
            count, size = sums.get(owners[part], (0, 0))
            sums[owners[part]] = count + 1, size + files[part].size
        return [GoneData(name, *sums[name]) for name in sorted(sums)], there

    def reached(self, ref: str | None = None, *, all: bool = False) -> tuple[Reached, str | None]:
        """What a commit reaches, and how it was named; with `all` what all refs reach, and None. See `verify`."""
        lake = self._workspace.lake
        if all and ref is not None:
            raise UsageError(
                "usage.bad_argument",
                "either one commit is looked at, or all",
                where=ref,
                hint="leave out one of the two",
            )
        if all:
            heads = {found.commit for kind in _KINDS for found in lake.refs.of_kind(kind)}
            analyses = lake.analysis_runs.ids()
            return Reached(lake.database, heads, kept_copy, parents=True, analyses=analyses), None
        name = self._workspace.reading(ref)
        known = lake.refs.find(name)
        commit = known.commit if known is not None else lake.refs.resolve(name).id
        return Reached(lake.database, [commit], kept_copy), name


def nobody(*_: int) -> None:
    """Nobody is told."""


def damaged_parts(found: Mapping[Part, str], reached: Reached) -> list[DamagedPart]:
    """What is damaged and how, with whom it touches; files first."""
    owners, touched = reached.owners(), reached.touched(found)
    return [
        DamagedPart(part[0], part[1], what, owners.get(part), _newest_first(touched[part], reached))
        for part, what in sorted(found.items(), key=lambda item: (item[0][0] not in FILES, item[0]))
    ]


def _newest_first(touched: Touched, reached: Reached) -> list[TouchedCommit]:
    found = [(reached.commits.get(id), id, datasets) for id, datasets in touched.items()]
    found.sort(
        key=lambda each: (each[0].generation, each[0].time, each[1]) if each[0] else (1 << 60, "", each[1]),
        reverse=True,
    )
    return [
        TouchedCommit(id, commit.time if commit is not None else None, sorted(datasets))
        for commit, id, datasets in found
    ]
