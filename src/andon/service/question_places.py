"""Where questions about datasets stand in a state of the lake, whatever what they are about is called there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.base.record import Record
from andon.errors import UsageError
from andon.model.dataset_question import (
    DatasetPlace,
    DatasetQuestion,
    QuestionState,
    column_of,
    names_linked,
    place_of,
)

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.dataset_question import DatasetRename
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace


class QuestionInfo(Document):
    """A question as it stands at a commit.

    Attributes:
        dataset, column: what it is about is called so there; where it is not there, what it was called last.
        gone: what of it is not there: `dataset`, `column`; null where all is.
        owner: who owns the dataset.
        waited_seconds: from asking until the first answer that stands, until it was withdrawn, or, while it is open, until now.
    """

    question: DatasetQuestion
    dataset: str
    column: str | None
    gone: str | None
    owner: str | None
    waited_seconds: float

    @property
    def subject(self) -> str:
        """What it is about: `schema.name`, or `schema.name.column`."""
        return self.dataset if self.column is None else f"{self.dataset}.{self.column}"


class QuestionCount(Document):
    """How many questions about a dataset wait for an answer, and how many have one."""

    open: int
    answered: int


class QuestionTarget(Record):
    """What a question is about: a dataset, or a column of it by name and field id."""

    dataset: str
    column: str | None = None
    field_id: int | None = None


class QuestionPlaces:
    """Finds what questions are about, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._book = workspace.dataset_questions

    def target(self, view: View, subject: str) -> QuestionTarget:
        """What somebody names: `schema.name`, or `schema.name.column`.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.column_not_found`.
        """
        schema, _, rest = subject.partition(".")
        name, has_column, column = rest.partition(".")
        dataset = f"{schema}.{name}"
        leaf = view.leaf(dataset if rest else subject)
        if not has_column:
            return QuestionTarget(dataset)
        version = self._workspace.lake.objects.versions([leaf.version])[leaf.version]
        exact = [each for each in version.columns if each.name == column]
        found = exact or [each for each in version.columns if each.name.lower() == column.lower()]
        if not found:
            names = [each.name for each in version.columns]
            raise UsageError(
                "lake.column_not_found",
                f"`{dataset}` has no column `{column[:80]}` at {view.ref}",
                where=subject[:200],
                hint=did_you_mean(column, names) or f"it has {', '.join(names[:20])}",
            )
        return QuestionTarget(dataset, found[0].name, found[0].field_id)

    def infos(self, view: View, questions: Iterable[DatasetQuestion]) -> list[QuestionInfo]:
        """Questions as they stand there, in the order in which they are given."""
        renames, names = self._book.renames(), view.state.leaves
        placed = [(each, place_of(each.dataset, each.since, renames, names)) for each in questions]
        return [self._placed(view, each, place) for each, place in placed]

    def about(self, view: View, dataset: str) -> list[QuestionInfo]:
        """All questions about a dataset as it is called there, by number."""
        return [self._placed(view, each, place) for each, place in self._found(view, dataset)]

    def states(self, view: View, dataset: str) -> list[QuestionState]:
        """How far each question about a dataset is."""
        return [each.state for each, _ in self._found(view, dataset)]

    def _found(self, view: View, dataset: str) -> list[tuple[DatasetQuestion, DatasetPlace]]:
        renames, names = self._book.renames(), view.state.leaves
        asked = self._book.about(names_linked(dataset, renames))
        placed = [(each, place_of(each.dataset, each.since, renames, names)) for each in asked]
        return [(each, place) for each, place in placed if place.dataset == dataset]

    def _placed(self, view: View, question: DatasetQuestion, place: DatasetPlace) -> QuestionInfo:
        gone = None if place.is_there else "dataset"
        column = question.column
        if column is not None and place.is_there:
            now = column_of(question, place, self._columns(view.commit, place.dataset), self._renamed)
            column, gone = (column, "column") if now is None else (now, None)
        said = view.project.datasets.get(place.dataset) if place.is_there else None
        first = question.first_answer
        until = first.at if first is not None and question.state is QuestionState.ANSWERED else question.ended
        end = from_text(until) if until is not None else self._workspace.clock()
        waited = max(0.0, (end - from_text(question.at)).total_seconds())
        return QuestionInfo(
            question, place.dataset, column, gone, said.owner if said is not None else None, round(waited, 3)
        )

    def _columns(self, commit: Commit, dataset: str) -> Mapping[str, int]:
        leaf = self._workspace.lake.commits.leaf(commit, dataset)
        if leaf is None:
            return {}
        version = self._workspace.lake.objects.versions([leaf.version])[leaf.version]
        return {each.name: each.field_id for each in version.columns}

    def _renamed(self, rename: DatasetRename) -> Mapping[int, int]:
        """Ids of columns under the old name, to those under the new one: each name has ids of its own."""
        commit = self._workspace.lake.commits.get(rename.commit)
        before = self._workspace.lake.commits.get(commit.parent or commit.id)
        old, new = self._columns(before, rename.old), self._columns(commit, rename.new)
        return {id: new[name] for name, id in old.items() if name in new}
