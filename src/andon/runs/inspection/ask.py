"""Asking versions what must hold: in a task right after the write, and of a whole state before it is published.

A result is kept by its question (check, every version read, logical time where used), so nothing is asked twice, on any branch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.record import replace
from andon.base.threads import stop
from andon.checks.compile.plans import Compiled, named_others
from andon.checks.execute.question import Executed
from andon.checks.judge import Judgement, Measured, judge
from andon.checks.watch import learned
from andon.errors import ProjectError
from andon.model.check import AgainstPublished, Check, CheckStatus, MaxAge, Violations, Watch
from andon.model.check_result import CheckResult
from andon.model.commit import Leaf
from andon.model.dataset import Dataset
from andon.model.mask import MASK
from andon.model.version import Columns, Version
from andon.runs.inspection.book import CheckBook, compares
from andon.runs.inspection.questions import AskContext, CheckQuestions, Source, is_rule
from andon.runs.inspection.results import judged, unfit, unjudged
from andon.runs.inspection.series import KeptStates, Series

if TYPE_CHECKING:
    from andon.engines.answers import AskedAbout
    from andon.relations.sides import Side, Sides
    from andon.sql.lineage.query import Lineage
    from andon.state.check_results import Kept
    from andon.workspace.workspace import Workspace


@dataclass
class Checking:
    """Asks for one run.

    Args:
        sides: the engines of the run, made when first needed; `interrupt` stops what runs on them.
        workers: how many datasets are asked at a time.
        answers: gives who is asked about a dataset.

    Attributes:
        fresh: results that were found here, by key; `newest` of `max_age` beside them.
    """

    workspace: Workspace
    book: CheckBook
    setting: AskContext
    sides: Callable[[], Sides]
    interrupt: Callable[[], None]
    workers: int = 1
    answers: AskedAbout = lambda _, __: None
    fresh: dict[str, CheckResult] = field(default_factory=dict)
    newest: dict[str, int | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        states = KeptStates(self.workspace.facts)
        self._questions = CheckQuestions(self.workspace, self.book, self.setting, self.sides, states)
        self._series = Series(self.workspace)

    def of_task(
        self, dataset: str, version: Version, versions: Mapping[str, str], settled: Callable[[str], bool]
    ) -> tuple[CheckResult, ...]:
        """Results of the checks of a dataset that was built just now, as far as all that they read is settled.

        Args:
            versions: `{dataset: version id}` of what is there.
            settled: whether a dataset's version can't change any more in this run.
        """
        said = self.book.dataset(dataset)
        if said is None or not self.book.has_checks(said):
            return ()
        now = {**versions, dataset: version.id}
        there = {name for name in self.book.named(said) if name in now and settled(name)}
        return self._ask(said, {name: now[name] for name in (dataset, *there)}, version)

    def of_state(self, leaves: Mapping[str, Leaf], datasets: Iterable[str]) -> list[CheckResult]:
        """Results of all checks of `datasets` on the versions of `leaves`; what is not known is asked now, side by side."""
        wanted = [(d, leaves[d]) for d in sorted(datasets) if d in leaves]
        versions = {name: leaf.version for name, leaf in leaves.items()}
        objects = self.workspace.lake.objects
        known = objects.versions({leaf.version for _, leaf in wanted})

        def one(item: tuple[str, Leaf]) -> tuple[CheckResult, ...]:
            name, leaf = item
            said = self.book.dataset(name, leaf.files)
            if said is None or not self.book.has_checks(said):
                return ()
            named = {n: versions[n] for n in self.book.named(said) if n in versions}
            return self._ask(said, {name: leaf.version, **named}, known[leaf.version])

        if self.workers == 1 or len(wanted) < 2:
            return [result for item in wanted for result in one(item)]
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="andon-check")
        asked = [pool.submit(one, item) for item in wanted]
        try:
            return [result for future in asked for result in future.result()]
        finally:
            stop(pool, asked, self.interrupt)

    def explain(self, leaves: Mapping[str, Leaf], datasets: Iterable[str]) -> list[tuple[Check, str, str]]:
        """How each check of `datasets` would be executed on `leaves`: the check, the way, and the SQL."""
        from andon.checks.execute.planned import explain_sql

        found: list[tuple[Check, str, str]] = []
        versions = {name: leaf.version for name, leaf in leaves.items()}
        relations = self.sides().relations
        for name in sorted(datasets):
            said = self.book.dataset(name, leaves[name].files)
            if said is None or not self.book.has_checks(said):
                continue
            items = [c for c in self.book.of(name) if c.plan is not None and all(o in versions for o in c.check.others)]
            with self.sides().for_size(0) as side:
                own = relations.version(versions[name])
                read = {versions[name], *(versions[o] for c in items for o in c.check.others)}
                by = self.answers(self._questions.definition(said), sum(relations.size(v) for v in read))
                there = self._questions.said_there(by, said, items, versions, own)
                question = self._questions.question(_of(side), said, items, versions, own)
                for index, (check, how, text) in enumerate(explain_sql(question)):
                    if by is not None and index in there:
                        how, text = by.name, there[index]
                    is_alone = compares(check) and question.published is None
                    found.append((check, "skipped", "") if is_alone else (check, how, text))
        return found

    # -- one dataset

    def _ask(self, said: Dataset, versions: Mapping[str, str], version: Version) -> tuple[CheckResult, ...]:
        """Results of the checks of `said` whose datasets are all among `versions`, in the order of the lines."""
        relations = self.sides().relations
        columns: dict[str, Columns | None] = {name: self.book.columns(name) for name in self.book.named(said)}
        columns.update({name: relations.version(v).types for name, v in versions.items() if name != said.name})
        columns[said.name] = version.types
        try:
            compiled = self.book.compiled(said, columns)
        except ProjectError as error:
            return tuple(unfit(said, problem, version, self.setting.run) for problem in error.problems)
        setting = self.setting
        items = [c for c in compiled if c.plan is not None and all(o in versions for o in named_others(c.check))]
        if setting.only is not None:
            items = [c for c in items if setting.only(c.check)]
        made_by = setting.definitions.get(said.name)
        definition = made_by.id if made_by is not None else None
        keys = {
            c.check.id: self.book.question(c, said, versions, setting.published, definition, setting.moment)
            for c in items
        }
        found = self._known(items, keys)
        if setting.run is None:
            # who asks apart from a run asks about the files as they are: an answer from before may be about bytes that are gone
            kept = [c for c in items if keys[c.check.id] in found]
            damaged = {keys[c.check.id]: result for c in kept if (result := self._unread(c, keys, versions, version))}
            found.update({key: result for key, result in damaged.items() if result.status is CheckStatus.ERROR})
        missing = [c for c in items if keys[c.check.id] not in found]
        if missing:
            unread = {keys[c.check.id]: result for c in missing if (result := self._unread(c, keys, versions, version))}
            found.update(unread)
            readable = [c for c in missing if keys[c.check.id] not in unread]
            found.update(self._execute(said, readable, keys, versions, version) if readable else {})
        return tuple(self._worded(said, c.check, found[keys[c.check.id]], versions) for c in items)

    def _unread(
        self, item: Compiled, keys: Mapping[str, str], versions: Mapping[str, str], version: Version
    ) -> CheckResult | None:
        """The result of a check that can't be asked since a file that it reads is damaged; nor is it kept, for the file may be mended."""
        check, setting = item.check, self.setting
        asked = unjudged(check, keys[check.id], version.id, how="", run=setting.run, at=None)
        for read in (version.id, *(versions[o] for o in check.others if o in versions)):
            damage = self._questions.damage(read)
            if damage is not None:
                return replace(asked, status=CheckStatus.ERROR, reason=f"{damage.message}; {damage.hint}")
        if isinstance(check.form, AgainstPublished) and check.dataset in setting.published:
            damage = self._questions.damage(setting.published[check.dataset].version)
            if damage is not None:  # what readers have can't be read, so there is nothing to compare with
                return replace(asked, status=CheckStatus.SKIPPED, reason=damage.message)
        return None

    def _known(self, items: Sequence[Compiled], keys: Mapping[str, str]) -> dict[str, CheckResult]:
        with self._lock:
            found = {key: self.fresh[key] for key in keys.values() if key in self.fresh}
        if self.setting.again:
            return found
        kept = self.workspace.check_results.find(key for key in keys.values() if key not in found)
        for item in items:
            key = keys[item.check.id]
            if key in kept and not (isinstance(item.check.form, MaxAge) and kept[key].value == MASK):
                # of a personal column the newest value is not kept, so its age can't be told from what was kept
                found[key] = self._again(item.check, kept[key])
        return found

    def _again(self, check: Check, kept: Kept) -> CheckResult:
        """A kept result as one of now; the age of the newest value is judged by the clock of now."""
        result = unjudged(check, kept.key, kept.version, how="kept", run=kept.run, at=kept.at)
        if isinstance(check.form, MaxAge):
            measured = Measured(value=kept.newest, is_infinite=kept.value == "infinity")
            return judged(result, judge(check, measured, self.setting.moment))
        if isinstance(check.form, Watch) and isinstance(
            kept.value, int | float
        ):  # the same content may be normal then and not now
            return judged(result, self._watched(check, kept.value))
        return replace(
            result,
            ran=kept.ran,
            status=kept.status,
            value=kept.value,
            limit=kept.limit,
            bad=kept.bad,
            total=kept.total,
            reason=kept.reason,
            samples=kept.samples,
        )

    def _execute(
        self,
        said: Dataset,
        items: Sequence[Compiled],
        keys: Mapping[str, str],
        versions: Mapping[str, str],
        version: Version,
    ) -> dict[str, CheckResult]:
        from andon.checks.execute.planned import execute

        sides = self.sides()
        read = {version.id, *(versions[o] for c in items for o in c.check.others if o in versions)}
        executed: list[tuple[Compiled, Executed]] = []
        # a rule has a query and macros of its own, which lines don't know
        parts = [part for part in ([c for c in items if not is_rule(c)], *([c] for c in items if is_rule(c))) if part]
        size = sum(sides.relations.size(v) for v in read)
        by = self.answers(self._questions.definition(said), size)
        there = [self._questions.there(by, said, part, versions, version) for part in parts]
        with sides.for_size(size) as side:
            for part, told in zip(parts, there, strict=True):
                question = self._questions.question(_of(side), said, part, versions, version)
                with self._questions.names(side, part, versions) as connection:
                    executed += zip(part, execute(question, connection, self.setting.moment, told), strict=True)
        at = to_text(self.workspace.clock())
        found: dict[str, CheckResult] = {}
        for item, done in executed:
            key, verdict = keys[item.check.id], done.verdict
            if isinstance(item.check.form, Watch) and verdict.status is CheckStatus.SKIPPED:
                verdict = self._watched(item.check, verdict.value)
            asked = unjudged(item.check, key, version.id, how=done.how, run=self.setting.run, at=at)
            result = replace(judged(asked, verdict), samples=done.samples, seconds=done.seconds, ran=done.ran)
            found[key] = self._discreet(said, item.check, result)  # nor are they kept
            if isinstance(item.check.form, MaxAge) and found[key].value != MASK:
                self.newest[key] = done.newest
        with self._lock:
            self.fresh.update(found)
        return found

    def _watched(self, check: Check, value: Any) -> Judgement:
        """The verdict on a watched number by what its published history teaches."""
        assert isinstance(check.form, Watch)  # asked before
        history = self._series.of_check(check, self.setting.branch)
        limits = learned(check.form, history, self.setting.moment)
        return judge(check, Measured(value=value, limits=limits), self.setting.moment)

    # -- results

    def _worded(self, said: Dataset, check: Check, result: CheckResult, versions: Mapping[str, str]) -> CheckResult:
        """`result` with what the check says of itself now, and who accepted it."""
        leaf = self.setting.published.get(check.dataset) if compares(check) else None
        worded = replace(
            result,
            label=check.label,
            text=check.text,
            severity=check.severity,
            why=check.why,
            others=tuple((o, versions[o]) for o in check.others if o in versions),
            published=leaf.version if leaf else None,
            file=check.file,
            line=check.line,
        )
        worded = self._discreet(said, check, worded)
        if not worded.failed:
            return worded
        accepted = next((a for a in self.setting.acceptances if a.subject == worded.subject), None)
        return worded if accepted is None else replace(worded, accepted=accepted.to_json())

    def _discreet(self, said: Dataset, check: Check, result: CheckResult) -> CheckResult:
        """`result` without values of columns that are marked as personal now, wherever the check takes them from."""
        marked = {name: self._questions.personal(name) for name in check.others} | {said.name: said.personal}
        if not any(marked.values()):
            return result
        from andon.runs.inspection.personal import discreet

        def traced() -> Lineage | None:
            from andon.sql.lineage.query import column_lineage

            known = {name: columns for name in marked if (columns := self.book.columns(name)) is not None}
            if not isinstance(check.form, Violations) or len(known) < len(marked):
                return None
            return column_lineage(check.form.sql, known, check.form.macros)

        return discreet(result, check, marked, traced)


def _of(side: Side) -> Source:
    """The embedded engine's way to read a version."""
    return lambda _, relation: side.source(relation)
