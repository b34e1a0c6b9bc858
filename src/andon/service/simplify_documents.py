"""What is told of hints by which the project gets simpler."""

from __future__ import annotations

from andon.base.document import Document
from andon.model.plan import PlanDocument
from andon.model.run import RunDocument
from andon.model.verdict import VerdictKind
from andon.simplify.hint import HintKind


class HintSavings(Document):
    """What there is no more once a hint is taken.

    Attributes:
        datasets: how many fewer there are.
        seconds: of building, within the last 30 days.
        bytes: that the newest version keeps.
    """

    datasets: int
    seconds: float
    bytes: int


class HintInfo(Document):
    """A hint in one line.

    Attributes:
        number: by which it is named.
        kind: what could be simpler.
        subject: what it is about: a dataset, or `macro:NAME`.
        title: what would be done.
        at: since when it is told (ISO text).
        state: `open`, `accepted`, `dismissed`, or `gone` where nothing speaks for it any more.
        verdict: what it means for the subject; for what reads it, it means nothing: each answer stays.
        saves: what there is no more.
        is_written: whether there are files that make it so; else it is left to a person, as `problem` says.
        branch: where it was accepted; None else.
        who, why: who decided, and what was said of it.
    """

    number: int
    kind: HintKind
    subject: str
    title: str
    at: str
    state: str
    verdict: VerdictKind
    saves: HintSavings
    is_written: bool
    branch: str | None
    who: str | None
    why: str | None


class HintsDocument(Document):
    """What could be simpler.

    Attributes:
        open: how many hints wait for somebody to decide.
        saves: all open ones together.
        hints: what saves most first.
    """

    open: int
    saves: HintSavings
    hints: list[HintInfo]


class HintFile(Document):
    """A file that would be written: as it is, and as it would be; None where there is, or would be, none."""

    file: str
    before: str | None
    after: str | None


class HintDocument(Document):
    """A hint, whole.

    Attributes:
        number, kind, subject, title, at, state, verdict, saves, branch, who, why: as in `HintInfo`.
        evidence: what speaks for it.
        proof: why no answer changes.
        files: what is written.
        plan: what publishing it comes to; None where that can't be told, as `problem` says.
        same: once it is on its branch: the datasets whose rows were read there and on main, and are the same.
        run: how it was built.
    """

    number: int
    kind: HintKind
    subject: str
    title: str
    at: str
    state: str
    verdict: VerdictKind
    saves: HintSavings
    evidence: list[str]
    proof: str
    files: list[HintFile]
    same: list[str]
    branch: str | None
    who: str | None
    why: str | None
    plan: PlanDocument | None
    problem: str | None
    run: RunDocument | None
