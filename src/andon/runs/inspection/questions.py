"""What is asked about versions in one go, as the engines are asked it: the relations of the question, and the names that its checks use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from andon.base.names import quote, quote_name
from andon.base.record import Record, replace
from andon.checks.compile.plans import Compiled, ViolationsPlan
from andon.checks.execute.question import CheckQuestion, FileStates, Target
from andon.checks.language.lines import holds_query
from andon.engines.answers import AskedTables
from andon.errors import DamagedError
from andon.model.acceptance import Acceptance
from andon.model.check import Check, Violations
from andon.model.commit import Leaf
from andon.model.dataset import Dataset, Definition
from andon.model.release import Release, released_rows
from andon.model.version import Version, paired
from andon.runs.inspection.book import CheckBook, compares

if TYPE_CHECKING:
    from andon.checks.execute.elsewhere import FoundElsewhere
    from andon.engines.answers import AnsweredBy
    from andon.engines.engine import Types
    from andon.engines.relation import Relation
    from andon.relations.sides import Side, Sides
    from andon.workspace.workspace import Workspace

#: Gives SQL for FROM that reads a version by its relation.
Source = Callable[[Version, "Relation"], str]

#: From how many bytes on what was found in a file is kept for versions that add files to it.
_LARGE = 64 * 2**20
#: In place of rows that nobody can read: whose columns alone are asked for.
_UNREAD = "(select null where false)"


class AskContext(Record):
    """What all questions of one run have in common.

    Attributes:
        published: the leaves that readers of the target branch have.
        definitions: of the state that is asked about.
        moment: the logical time.
        run: its number, or None where checks run alone.
        acceptances: in force.
        releases: rows that checks do not set aside any more.
        samples: how many failing rows of a check are wanted.
        again: whether what was answered before is asked anew.
        branch: whose published history `watch` learns from.
        only: which checks are asked; None means all.
    """

    published: Mapping[str, Leaf]
    definitions: Mapping[str, Definition]
    moment: datetime
    run: int | None = None
    acceptances: Sequence[Acceptance] = ()
    releases: Sequence[Release] = ()
    samples: int = 20
    again: bool = False
    branch: str = "main"
    only: Callable[[Check], bool] | None = None


class CheckQuestions:
    """Makes the questions of one run.

    Args:
        sides: the engines of the run, made when first needed.
        states: what is kept by file.
    """

    def __init__(
        self, workspace: Workspace, book: CheckBook, setting: AskContext, sides: Callable[[], Sides], states: FileStates
    ) -> None:
        self.workspace = workspace
        self.book = book
        self.setting = setting
        self.sides = sides
        self._states = states

    def question(
        self, source: Source, said: Dataset, items: Sequence[Compiled], versions: Mapping[str, str], version: Version
    ) -> CheckQuestion:
        """All that some checks of `said` ask, of relations as `source` names them."""
        leaf = self.setting.published.get(said.name)
        definition = self.setting.definitions.get(said.name)
        needs_published = any(compares(c.check) for c in items)
        masked = said.personal
        macros = self.book.macros_for(c.check for c in items)
        plans = [(c.check, c.plan) for c in items if c.plan is not None]
        if any(is_rule(c) for c in items):
            masked = masked.union(*(self.personal(o) for c in items for o in c.check.others))
            # the connection knows them, in a catalog of its own
            plans = [(k, replace(p, macros=()) if isinstance(p, ViolationsPlan) else p) for k, p in plans]
            macros = ()
        return CheckQuestion(
            items=plans,
            own=self._target(source, version.id),
            others={o: self._target(source, versions[o]) for c in items for o in c.check.others if o in versions},
            published=self._published(source, leaf.version, version) if leaf is not None and needs_published else None,
            declared=[(c.name, c.type) for c in said.columns],
            masked=masked,
            samples=self.setting.samples,
            states=self._states if len(version.files) > 1 or version.bytes > _LARGE else None,
            macros=macros,
            released=released_rows(self.setting.releases, said.name, self.workspace.lake.objects.text)
            if said.definition.quarantine
            else {},
            before=self.sides().relations.version(leaf.version).files if leaf is not None else (),
            is_same_definition=leaf is not None and definition is not None and leaf.definition == definition.id,
        )

    def _target(self, source: Source, version_id: str) -> Target:
        relations = self.sides().relations
        version = relations.version(version_id)
        found = source(version, relations.relation(version_id))
        storage = self.workspace.lake.storage
        paths = tuple(storage.ranged_path(f.path) for f in version.files)
        return Target(found, version.types, version.files, paths)

    def _published(self, source: Source, version_id: str, now: Version) -> Target:
        """The published version, its columns under the names that `now` has for them."""
        before = self.sides().relations.version(version_id)
        if self.damage(version_id) is not None:  # its columns are known all the same
            return Target(_UNREAD, before.types)
        target = self._target(source, version_id)
        names = {was.name: column.name for was, column in paired(before.columns, now.columns)}
        if all(was.lower() == name.lower() for was, name in names.items()):
            return target
        named = [(column.name, names.get(column.name, column.name), column.type) for column in before.columns]
        # what has its name here no more, but another column has it, is not to be seen under it
        taken = {name.lower() for name in names.values()}
        kept = [each for each in named if each[0] in names or each[1].lower() not in taken]
        listed = ", ".join(f"{quote(was)} as {quote(name)}" for was, name, _ in kept)
        return Target(f"(select {listed} from {target.relation})", [(name, kind) for _, name, kind in kept])

    @contextmanager
    def names(self, side: Side, items: Sequence[Compiled], versions: Mapping[str, str]) -> Iterator[Any]:
        """A connection in which other datasets have their names, where a rule or a line holds a query of its own, and the project's macros
        are there for what calls them: in a catalog of its own, since views that are read may have had other macros of the same names."""
        others, macros = self._named(items)
        if not others and not macros:
            yield side.session().connection
            return
        relations = self.sides().relations
        with side.names({name: relations.relation(versions[name]) for name in others}, macros) as connection:
            yield connection

    def _named(self, items: Sequence[Compiled]) -> tuple[set[str], list[str]]:
        """The datasets and the macros that checks call by their names."""
        others = {o for c in items if is_rule(c) or holds_query(c.check.text) for o in c.check.others}
        others |= {c.check.dataset for c in items if is_rule(c) or holds_query(c.check.text)}
        macros = [m for c in items if isinstance(c.check.form, Violations) for m in c.check.form.macros]
        macros += self.book.macros_for(c.check for c in items if not is_rule(c))
        return others, macros

    def there(
        self,
        by: AnsweredBy | None,
        said: Dataset,
        items: Sequence[Compiled],
        versions: Mapping[str, str],
        version: Version,
    ) -> FoundElsewhere:
        """What another engine tells of checks, where one is asked about the dataset.

        Raises:
            Cancelled: it was stopped.
        """
        from andon.checks.execute.elsewhere import NOTHING, FoundElsewhere, elsewhere

        if by is None:
            return NOTHING
        if by.engine is None:
            return FoundElsewhere(by.name, left=dict.fromkeys(range(len(items)), by.why))
        question, asked = self._asked(said, items, versions, version)
        with by.engine.answering(asked) as answering:
            return elsewhere(question, answering, by.name)

    def said_there(
        self,
        by: AnsweredBy | None,
        said: Dataset,
        items: Sequence[Compiled],
        versions: Mapping[str, str],
        version: Version,
    ) -> Mapping[int, str]:
        """The SQL that another engine would be asked, by the places of the items that it answers."""
        from andon.checks.execute.elsewhere import elsewhere_sql

        if by is None or by.engine is None:
            return {}
        question, asked = self._asked(said, items, versions, version)
        with by.engine.answering(asked) as answering:
            return elsewhere_sql(question, answering)

    def _asked(
        self, said: Dataset, items: Sequence[Compiled], versions: Mapping[str, str], version: Version
    ) -> tuple[CheckQuestion, AskedTables]:
        """A question over names, and what these stand for."""
        relations = self.sides().relations
        tables: dict[str, Relation] = {}
        columns: dict[str, Types] = {}

        def named(read: Version, relation: Relation) -> str:
            name = f"andon_asked.t{len(tables)}"
            tables[name], columns[name] = relation, read.types
            return quote_name(name)

        question = self.question(named, said, items, versions, version)
        others, macros = self._named(items)
        for name in others:
            tables[name] = relations.relation(versions[name])
            columns[name] = relations.version(versions[name]).types
        return question, AskedTables(self.definition(said), self.setting.moment, tables, columns, tuple(macros))

    def definition(self, said: Dataset) -> Definition:
        """That of the state that is asked about; where it has none, what the file says."""
        return self.setting.definitions.get(said.name, said.definition)

    def damage(self, version_id: str) -> DamagedError | None:
        """Why a version can't be read as long as it is not built again."""
        try:
            self.sides().relations.relation(version_id)
        except DamagedError as error:
            return error
        return None

    def personal(self, name: str) -> frozenset[str]:
        """The columns of a dataset that are marked as personal now."""
        dataset = self.book.dataset(name)
        return dataset.personal if dataset is not None else frozenset()


def is_rule(item: Compiled) -> bool:
    """Whether a check is a rule of a file, with a query of its own."""
    return isinstance(item.check.form, Violations)
