"""What came of building many past versions again, and what is kept of each that was."""

from __future__ import annotations

from andon.base.document import Document
from andon.model.reproduction import OpenConstruct, ReproVerdict


class NotedReproduction(Document):
    """That a version was built again, as it is kept.

    Attributes:
        at: when (ISO text), by `who`.
        build: what was built again; `version` is what that gave then.
        verdict: null where it could not be built; `code` is that of the error.
        how: how the two are known to be the same, or what differs, in words.
        kept: whether nothing was computed, since what was loaded is kept and can't be asked for again.
        seconds: that it took.
    """

    at: str
    who: str
    dataset: str
    build: str
    version: str
    verdict: ReproVerdict | None
    how: str
    code: str | None = None
    kept: bool = False
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the version is repeated."""
        return self.verdict is not None and self.verdict.holds

    @property
    def spoken(self) -> str:
        """The verdict as people read it."""
        return self.verdict.spoken if self.verdict is not None else "CAN'T BE BUILT"


class MissCause(Document):
    """Why a version is not repeated.

    Attributes:
        commit: at which it was built again.
        causes: by which it may differ, the likeliest first.
        is_expected: whether its code says that it need not come out the same: `allow: [random]`, or `-- exact: REASON` at each place.
    """

    commit: str
    causes: tuple[OpenConstruct, ...]
    is_expected: bool = False


class MissedVersion(Document):
    """A version that is not repeated, and why."""

    noted: NotedReproduction
    why: MissCause


class SampledVersion(Document):
    """A past version that was built again within a sample.

    Attributes:
        commit: that showed it first, `at` (ISO text).
        verdict: null where it could not be built; `how` and `code` are those of the error then.
        kept: whether nothing was computed, since what was loaded is kept and can't be asked for again.
        seconds: that it took.
    """

    dataset: str
    commit: str
    at: str
    build: str
    version: str
    verdict: ReproVerdict | None
    how: str
    code: str | None
    kept: bool
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether the version is repeated."""
        return self.verdict is not None and self.verdict.holds


class ReproductionSample(Document):
    """Past versions that were built again: those that are different first, then those that could not be built.

    Attributes:
        ref: whose history it is.
        since: a moment (ISO text); null for all of the history.
        seed: of the draw; null where nothing was drawn.
        of: how many there are to draw from.
        identical, equal, different, failed: how many came out so, or could not be built; none of them is `kept`.
        kept: how many were only looked at, since what was loaded is kept and can't be asked for again.
        share: that is identical or equal, of all but the kept ones; null where there are none.
    """

    ref: str
    since: str | None
    seed: int | None
    of: int
    identical: int
    equal: int
    different: int
    failed: int
    kept: int
    share: float | None
    versions: list[SampledVersion]

    @classmethod
    def counted(
        cls, ref: str, since: str | None, seed: int | None, of: int, versions: list[SampledVersion]
    ) -> ReproductionSample:
        """The sample of these versions, with what is counted of them. Pure."""
        built = [each.verdict for each in versions if not each.kept or not each.holds]
        held = sum(verdict is not None and verdict.holds for verdict in built)
        return cls(
            ref=ref,
            since=since,
            seed=seed,
            of=of,
            identical=built.count(ReproVerdict.IDENTICAL),
            equal=built.count(ReproVerdict.EQUAL),
            different=built.count(ReproVerdict.DIFFERENT),
            failed=built.count(None),
            kept=len(versions) - len(built),
            share=round(held / len(built), 4) if built else None,
            versions=sorted(versions, key=_worst_first),
        )

    @property
    def holds(self) -> bool:
        """Whether every version is repeated."""
        return all(each.holds for each in self.versions)


def _worst_first(each: SampledVersion) -> tuple[int, str, str, str]:
    order = [ReproVerdict.DIFFERENT, None, ReproVerdict.EQUAL, ReproVerdict.IDENTICAL]
    return order.index(each.verdict), each.dataset, each.at, each.build
