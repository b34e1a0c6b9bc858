"""Building many past versions again: all that a history ever showed, or a sample of them, and what share comes out the same."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.duration import read_duration
from andon.base.record import Record
from andon.errors import AndonError, UsageError
from andon.model.event import Notice
from andon.model.reproduction_sample import ReproductionSample, SampledVersion
from andon.runs.goal import Listener
from andon.runs.rebuilding.sample import ShownBuild, drawn, shown_builds
from andon.service.costs import moment_said
from andon.workspace.view import View, no_dataset

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.service.reproducing import Reproducing
    from andon.workspace.workspace import Workspace

#: Seeds that are chosen are small enough to be typed again.
_SEEDS = 1_000_000


class SampleOptions(Record):
    """Which past versions are built again.

    Attributes:
        sample: how many are drawn; None means all.
        since: those that came after a commit, or since a moment or a time ago.
        at: whose history it is; None means of what the caller reads.
        seed: of the draw; None chooses one.
        deep: build again what each is made of, too.
    """

    sample: int | None = None
    since: str | None = None
    at: str | None = None
    seed: int | None = None
    deep: bool = False


#: All that the caller's branch ever showed.
ALL = SampleOptions()
UNHEARD = Listener()


class ReproductionSamples:
    """Builds many versions of one lake again, each apart from it."""

    def __init__(self, workspace: Workspace, reproducing: Reproducing) -> None:
        self._workspace = workspace
        self._reproducing = reproducing

    def sample(
        self, datasets: Sequence[str] = (), options: SampleOptions = ALL, listener: Listener = UNHEARD
    ) -> ReproductionSample:
        """Build each again, and count what came out; one that can't be built is told, and the rest goes on.

        Args:
            datasets: names or patterns, `marts.*`, as they were then; all without any.
            listener: hears of each; what was built when it is cancelled is what is told.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; `usage.bad_argument` for what is no time or no number.
        """
        if options.sample is not None and options.sample < 1:
            raise UsageError(
                "usage.bad_argument", "a sample has at least one version", where="sample", hint="`--sample 20`"
            )
        view = View.at(self._workspace, options.at)
        since, is_wanted = self._since(options.since)
        shown = shown_builds(self._workspace.lake.commits, view.commit, is_wanted)
        shown = _chosen(shown, datasets, view)
        seed = None
        wanted = shown
        if options.sample is not None:
            seed = options.seed if options.seed is not None else secrets.randbelow(_SEEDS)
            wanted = drawn(shown, options.sample, seed)
        found: list[SampledVersion] = []
        for number, each in enumerate(wanted, 1):
            if listener.cancel.is_cancelled:
                break
            found.append(self._again(each, options.deep))
            what = found[-1].verdict.spoken if found[-1].verdict is not None else f"can't be built: {found[-1].how}"
            listener.report(Notice(f"{number} of {len(wanted)}: {each.dataset} at {each.commit[:8]}: {what}"))
        return ReproductionSample.counted(view.ref, since, seed, len(shown), found)

    def _again(self, each: ShownBuild, deep: bool) -> SampledVersion:
        what = (each.dataset, each.commit, each.at, each.build, each.version)
        try:
            found = self._reproducing.reproduce(each.dataset, each.commit, deep=deep)
        except AndonError as error:
            return SampledVersion(*what, None, error.message, error.code, False, 0.0)
        return SampledVersion(*what, found.verdict, found.how, None, found.kept, found.seconds)

    def _since(self, said: str | None) -> tuple[str | None, Callable[[Commit], bool]]:
        """The moment that is meant, and whether a commit counts: after the commit that is named, or not before a time."""
        if said is None:
            return None, lambda _: True
        if self._workspace.lake.refs.find(said) is None and _is_time(said):
            now = self._workspace.clock()
            moment = to_text(moment_said(said, now, now, "since"))
            return moment, lambda commit: commit.time >= moment
        try:
            after = View.at(self._workspace, said).commit
        except UsageError as error:
            if error.code == "lake.ref_not_found":
                error.hint = f"{error.hint}; a time is `2026-11-01`, or `30d`"
            raise
        return after.time, lambda commit: commit.time > after.time


def _is_time(said: str) -> bool:
    if read_duration(said) is not None:
        return True
    try:
        from_text(said)
    except ValueError:
        return False
    return True


def _chosen(shown: Sequence[ShownBuild], datasets: Sequence[str], view: View) -> list[ShownBuild]:
    """Those of the datasets that are asked for.

    Raises:
        UsageError: `lake.dataset_not_found` for a name or pattern that none of them ever had.
    """
    known = {each.dataset for each in shown} | set(view.state.leaves)
    for pattern in datasets:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise no_dataset(pattern, f"{view.ref} and before", known)
    return [each for each in shown if not datasets or any(fnmatchcase(each.dataset, pattern) for pattern in datasets)]
