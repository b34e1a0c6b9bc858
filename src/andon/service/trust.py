"""Whether to trust an answer: what is known against the datasets that it was read from, and against what those are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document
from andon.base.graph import reach
from andon.base.text import plural
from andon.errors import AndonError
from andon.lineage.caveats import Inherited, inherited_caveats
from andon.model.dataset import Dataset, Kind
from andon.model.lamp import Lamp
from andon.model.quarantine import aside_of
from andon.model.trouble import TroubleKind
from andon.sql.outline import tables_named
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.lineage.kept import LineageGraphs
    from andon.model.commit import Commit
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

#: What is not known against a dataset but said of it by who made it; that nobody is named to ask.
CAVEAT, DEPRECATED, UNOWNED = "caveat", "deprecated", "unowned"
#: Rows that are not in it; something wrong that lasts; values that are not shown.
ASIDE, INCIDENT, MASKED = "aside", "incident", "masked"


class TrustNote(Document):
    """One thing to know before an answer is trusted.

    Attributes:
        kind: `check`, `held`, `failed`, `waits`, `late`, `cord`, `complaint`, `incident` (open, and none of these says it), `aside` (rows
            that its checks set aside), `caveat`, `deprecated`, `unowned`, or `masked` (where its personal values are not shown).
        lamp: how bad it is.
        what: one sentence, without the dataset's name.
        columns: of a caveat that was handed down, the columns that it is about, `schema.dataset.column`; empty: all.
        use: the dataset to use in its place, where its code names one.
        below: the datasets that were read and are made of this one; empty where it was read itself.
    """

    dataset: str
    kind: str
    lamp: Lamp
    what: str
    since: str | None
    below: list[str]
    columns: list[str]
    use: str | None = None

    @property
    def words(self) -> str:
        """All of it in a sentence that begins with the dataset's name."""
        of = f", of which {', '.join(self.below)} is made" if self.below else ""
        return f"{self.dataset}{of}: {self.what}"


def notes_text(notes: Sequence[TrustNote]) -> str | None:
    """Notes as files and tables hold them: a JSON list; None where there are none."""
    return json.dumps([note.to_json() for note in notes]) if notes else None


class Trust:
    """Tells what is to be known of answers, for one caller."""

    def __init__(self, workspace: Workspace, troubles: Troubles, graphs: LineageGraphs) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._graphs = graphs

    def notes(
        self, commit: Commit, datasets: Sequence[str], at: str | None = None, *, is_masked: bool = False
    ) -> list[TrustNote]:
        """What is known of `datasets` at a commit, the worst first; of what they are made of, what is known against it.

        Args:
            at: how the commit was named.
            is_masked: whether the answer keeps values of personal columns back.
        """
        if not datasets:
            return []
        view = View(self._workspace, self._ref(commit, at), commit)
        project = view.project
        needs = {
            name: project.datasets[name].definition.inputs for name in view.state.leaves if name in project.datasets
        }
        above = {name: reach(needs, [name]) for name in datasets}
        wanted = sorted({*datasets}.union(*above.values()))
        below = {name: [] if name in above else [read for read in datasets if name in above[read]] for name in wanted}
        found = [
            TrustNote(each.dataset, str(each.kind), each.lamp, each.what, each.since, below[each.dataset], [])
            for each in self._troubles.of(view)
            if each.dataset in below
        ]
        found += [
            TrustNote(name, INCIDENT, lamp, what, since, below[name], [])
            for name, lamp, what, since in self._troubles.incidents(view)
            if name in below
        ]
        found += self._asides(view, below)
        today = to_text(self._workspace.clock())[:10]
        for name in wanted:
            ends = project.datasets[name].deprecated if name in project.datasets else None
            if ends is not None:
                found.append(TrustNote(name, DEPRECATED, Lamp.WARN, ends.told(today), None, below[name], [], ends.use))
        found += _unowned(project.datasets, datasets)
        found += self._caveats(view, datasets)
        found += self._masked(view, datasets) if is_masked else []
        return sorted(found, key=lambda note: (bool(note.below), -note.lamp.gravity))

    def of_live(self, connection: str, sql: str) -> list[TrustNote]:
        """What is known of the sources that read what a question to a database names: what is wrong there is wrong in it, too. How old
        they are is not, since it answers as of now.

        Args:
            connection: whom it is asked. sql: in its own SQL, of which only the outline is read.
        """
        ref = self._workspace.reading(None)
        if self._workspace.lake.refs.find(ref) is None:
            return []
        view = View.at(self._workspace, None)
        asked = tables_named(sql)
        sources = [
            name
            for name in sorted(view.state.leaves)
            if name in view.project.datasets
            and (definition := view.project.datasets[name].definition).connection == connection
            and not asked.isdisjoint(tables_named(definition.sql or ""))
        ]
        return [note for note in self.notes(view.commit, sources) if note.kind not in (ASIDE, TroubleKind.LATE)]

    def _asides(self, view: View, below: Mapping[str, list[str]]) -> list[TrustNote]:
        """Rows that are not where they would be, since checks set them aside."""
        leaves = view.state.leaves
        places = {name: leaves[aside_of(name)].version for name in below if aside_of(name) in leaves}
        counts = self._workspace.lake.objects.row_counts(places.values()) if places else {}
        return [
            TrustNote(
                name, ASIDE, Lamp.WARN, f"its checks set {plural(rows, 'row')} aside: not in it", None, below[name], []
            )
            for name, version in places.items()
            if (rows := counts[version][0] or 0)
        ]

    def _masked(self, view: View, datasets: Sequence[str]) -> list[TrustNote]:
        """Personal columns of what was read itself."""
        marked = masked_columns(self._workspace, view.commit)
        return [
            TrustNote(
                name,
                MASKED,
                Lamp.OK,
                f"values of {', '.join(hidden)} are personal, and not shown here",
                None,
                [],
                [f"{name}.{column}" for column in hidden],
            )
            for name in dict.fromkeys(datasets)
            if (hidden := sorted(marked.get(name, ())))
        ]

    def _caveats(self, view: View, datasets: Sequence[str]) -> list[TrustNote]:
        """What is said of the datasets, and of those above them where nothing between handles it."""
        project = view.project
        found = [
            TrustNote(name, CAVEAT, Lamp.WARN, each.text, each.since, [], [f"{name}.{one}" for one in each.columns])
            for name in dict.fromkeys(datasets)
            if name in project.datasets
            for each in project.datasets[name].caveats
        ]
        handed = inherited_caveats(project.datasets, lambda: self._graphs.graph(view.commit), datasets)
        by_caveat: dict[tuple[str, str], list[tuple[str, Inherited]]] = {}
        for name in dict.fromkeys(datasets):
            for each in handed.get(name, ()):
                # of what was read itself it is told already
                if each.origin not in datasets:
                    by_caveat.setdefault((each.origin, each.caveat.id), []).append((name, each))
        for (origin, _), reached in sorted(by_caveat.items()):
            caveat = reached[0][1].caveat
            is_of_all = any(each.columns is None for _, each in reached)
            columns = [] if is_of_all else [f"{name}.{one}" for name, each in reached for one in each.columns or ()]
            below = [name for name, _ in reached]
            found.append(TrustNote(origin, CAVEAT, Lamp.WARN, caveat.text, caveat.since, below, columns))
        return found

    def _ref(self, commit: Commit, at: str | None) -> str:
        """How a commit is best named: what a branch shows stands with that branch, however it was asked for."""
        ref, refs = self._workspace.reading(at), self._workspace.lake.refs
        known = refs.find(ref)
        if known is not None and known.kind == "branch":
            return ref
        branch = self._workspace.branch()
        try:
            return branch if refs.resolve(branch).id == commit.id else ref
        except AndonError:
            return ref  # the folder's branch is not published yet


def _unowned(known: Mapping[str, Dataset], read: Sequence[str]) -> list[TrustNote]:
    """Of what was read itself: nobody is named as its owner, in a project that names owners."""
    if not any(each.owner for each in known.values()):
        return []
    return [
        TrustNote(name, UNOWNED, Lamp.WARN, "has no owner: nobody is named who can be asked about it", None, [], [])
        for name in dict.fromkeys(read)
        if name in known and not known[name].owner and known[name].definition.kind is not Kind.QUARANTINE
    ]
