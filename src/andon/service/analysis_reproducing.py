"""Running an analysis again, as it was kept, and saying of each thing that it made whether the same comes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.likeness import SHOWN, ContentLikeness, contents_compared, numbers_compared, texts_compared
from andon.errors import DatasetError, UsageError
from andon.model.analysis import AnalysisOutput, AnalysisRun, OutputKind
from andon.model.reproduction import ReproVerdict
from andon.service.analysis_documents import AnalysisReproduction, MovedNumber, OutputLikeness
from andon.value.through import MovedDataset, moved_through
from andon.workspace.engines import Engines
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Session
    from andon.runs.goal import Listener
    from andon.service.analyses import Analyses
    from andon.service.analysis_running import AnalysisAgain
    from andon.workspace.workspace import Workspace

#: Of what a run made, the least likely first.
_WORST = (ReproVerdict.DIFFERENT, ReproVerdict.EQUAL, ReproVerdict.IDENTICAL)


class AnalysisReproducing:
    """Runs analyses of one workspace again."""

    def __init__(self, workspace: Workspace, analyses: Analyses) -> None:
        self._workspace = workspace
        self._analyses = analyses

    def reproduce(self, label: str, at: str | None = None, listener: Listener | None = None) -> AnalysisReproduction:
        """Run an analysis again with the code, lock, parameters and clock of a run, against the commit that it read, and compare what it
        makes. Nothing is kept.

        Args:
            label: `NAME@N`, or the newest run of `NAME`.
            at: another commit: then what moved is told, and through which dataset.

        Raises:
            UsageError: `lake.analysis_not_found`, `lake.ref_not_found`; `usage.bad_argument` for a run that failed.
            AndonError: where it can't be run any more.
        """
        run = self._analyses.show(label)
        if run.error is not None:
            raise UsageError(
                "usage.bad_argument",
                f"`{run.label}` failed, so there is nothing to compare with",
                where=label,
                hint=f"`andon analysis log {run.name}` has its other runs",
            )
        with self._analyses.again(run, at, listener) as again:
            made = again.run
            if made.error is not None:
                raise DatasetError(
                    made.error.code,
                    made.error.message,
                    made.error.where,
                    made.error.hint,
                    details={"log": made.printed},
                )
            outputs = self._compared(run, again)
        return AnalysisReproduction(
            run=run.label,
            ref=made.ref if at is not None else run.ref,
            commit=made.commit,
            was=run.commit,
            verdict=min((each.verdict for each in outputs), key=_WORST.index, default=ReproVerdict.IDENTICAL),
            outputs=outputs,
            through=[*self._through(run, made)],
            seconds=made.seconds,
            seconds_then=run.seconds,
        )

    # -- comparing

    def _compared(self, run: AnalysisRun, again: AnalysisAgain) -> list[OutputLikeness]:
        made, found = again.run, list[OutputLikeness]()
        if run.printed or made.printed:
            found.append(_likeness("printed", None, texts_compared(run.printed, made.printed)))
        if run.numbers or made.numbers:
            found.append(_likeness("numbers", None, numbers_compared(run.numbers, made.numbers)))
        data = {each.data for each in (*run.outputs, *made.outputs) if each.data is not None}
        with Engines(self._workspace, None, self._workspace.clock()) as engines:
            session = engines().narrow.session()
            looked = _Looking(self._analyses, run, again, session)
            names = dict.fromkeys([each.name for each in run.outputs] + [each.name for each in made.outputs])
            found += [looked.at(name) for name in names if name not in data]
        return found

    def _through(self, run: AnalysisRun, made: AnalysisRun) -> Iterator[MovedDataset]:
        """The datasets that are others at another commit."""
        if made.commit == run.commit:
            return
        then, now = View.at(self._workspace, run.commit), View.at(self._workspace, made.commit)
        needs: dict[str, set[str]] = {}
        for view in (now, then):
            for name, said in view.project.datasets.items():
                needs.setdefault(name, set()).update(said.definition.inputs)
        refs = (run.commit[:8], made.ref if made.ref != made.commit else made.commit[:8])
        yield from moved_through({*run.inputs, *made.inputs}, needs, then.state.leaves, now.state.leaves, refs)


class _Looking:
    """Puts what was made then and now beside each other."""

    def __init__(self, analyses: Analyses, run: AnalysisRun, again: AnalysisAgain, session: Session) -> None:
        self._analyses = analyses
        self._run = run
        self._again = again
        self._session = session

    def at(self, name: str) -> OutputLikeness:
        old, new = self._run.output(name), self._again.run.output(name)
        if old is None or new is None:
            kind = (old or new).kind  # type: ignore[union-attr] # one of them made it
            return OutputLikeness(
                name, kind, ReproVerdict.DIFFERENT, "is new" if old is None else "is not made any more", [], 1
            )
        if old.sha256 == new.sha256:
            return OutputLikeness(name, old.kind, ReproVerdict.IDENTICAL, "the same bytes", [], 0)
        if old.data is not None and new.data is not None:
            return self._by_data(old, new)
        before, after = self._analyses.place(self._run, name)[1], self._again.places[name]
        if name.lower().endswith(".parquet"):
            verdict, how, moved, total = tables_of(self._session, before, after)
            return OutputLikeness(name, old.kind, verdict, how, moved, total)
        is_picture = old.kind is OutputKind.PICTURE
        return _likeness(
            name, old.kind, contents_compared(before.read_bytes(), after.read_bytes(), is_picture=is_picture)
        )

    def _by_data(self, old: AnalysisOutput, new: AnalysisOutput) -> OutputLikeness:
        """A picture by the numbers that it shows."""
        if old.data is None or new.data is None or self._run.output(old.data) is None:
            raise AssertionError("only what has data is looked at so")
        before = self._analyses.place(self._run, old.data)[1]
        verdict, how, moved, total = tables_of(self._session, before, self._again.places[new.data])
        what = {
            ReproVerdict.IDENTICAL: "the numbers in it are the same",
            ReproVerdict.EQUAL: "the numbers in it differ by at most 1e-09 of themselves",
            ReproVerdict.DIFFERENT: f"of the numbers in it {how}",
        }
        return OutputLikeness(old.name, old.kind, verdict, what[verdict], moved, total)


def tables_of(session: Session, old: Path, new: Path) -> tuple[ReproVerdict, str, list[MovedNumber], int]:
    """How two tables compare; see `tables_apart`."""
    from andon.relations.kept_tables import tables_apart

    if old.read_bytes() == new.read_bytes():
        return ReproVerdict.IDENTICAL, "the same bytes", [], 0
    verdict, how, moved, total = tables_apart(session, old, new)
    return verdict, how, [MovedNumber(*each) for each in moved[:SHOWN]], total


def _likeness(name: str, kind: OutputKind | None, found: ContentLikeness) -> OutputLikeness:
    moved = [MovedNumber(*each) for each in found.moved]
    return OutputLikeness(name, kind, ReproVerdict(found.verdict), found.how, moved, found.total)
