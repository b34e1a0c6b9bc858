"""The architecture of a lake, drawn from what is really there: its code, its log of queries, what people were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.duration import read_duration
from andon.base.lru import Lru
from andon.base.record import Record, replace
from andon.catalog.use import DAYS
from andon.errors import UsageError
from andon.lineage.blocks import drawn, lines_of, plain_fold
from andon.model.architecture import ArchitectureCount, ArchitectureDocument, BlockKind, Built, Element
from andon.model.dataset import Definition, Kind
from andon.model.lamp import Lamp
from andon.model.lineage import api_id, connection_id, insight_id
from andon.model.schedule import RULES
from andon.operations.scheduling.book import book_of
from andon.settings.connections import CONNECTIONS, read_connections
from andon.settings.notify import NOTIFY, read_channels
from andon.settings.schedules import schedules_of
from andon.sources.files.paths import is_remote
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Set

    from andon.model.connection import Connection
    from andon.model.project import Project
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

#: What is compared with where nobody says.
MONTH = "30d"
#: What a dataset's own rules are called beside the schedules of `andon.toml`.
OWN_RULES = "rules of their own"
_KEPT = 8


class DrawnMoment(Record):
    """A commit and the time at which its doors are looked at (ISO text)."""

    commit: str
    at: str


class KeptArchitectures:
    """What there was, of the commits that were looked at last. Safe under threads."""

    def __init__(self) -> None:
        self.built: Lru[tuple[object, ...], Built] = Lru(_KEPT)


class Architectures:
    """Tells what one workspace's lake is built of."""

    def __init__(self, workspace: Workspace, troubles: Troubles, kept: KeptArchitectures) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._kept = kept

    def drawn(self, at: str | None = None, against: str | None = None) -> ArchitectureDocument:
        """The blocks and lines of a commit, beside those of an earlier one.

        Args:
            at: the commit; None means the branch's head.
            against: another one, a day, or how long before (`30d`, `2026-11-01`, `v1`); without it 30 days before, where the lake is
                that old.

        Raises:
            UsageError: `lake.ref_not_found`; with `against` also where the history does not go back so far.
        """
        view, moment = self._sight(at)
        found = self._compared(view, moment, against)
        now = self._built(view, moment)
        before = self._built(found[0], found[1]) if found is not None else None
        blocks, lines = drawn(now, before)
        return ArchitectureDocument(
            branch=view.ref,
            now=counted(now, DrawnMoment(view.commit.id, to_text(moment))),
            before=counted(before, DrawnMoment(found[0].commit.id, to_text(found[1])))
            if before is not None and found is not None
            else None,
            told="" if found is not None else f"{view.ref} is younger than 30 days: nothing to compare with yet",
            blocks=blocks,
            lines=lines,
        )

    def counts(self, branch: str, then: datetime) -> tuple[ArchitectureCount, ArchitectureCount | None]:
        """How much there is on a branch now, and was at an earlier moment; None where the lake is younger.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view, moment = self._sight(branch)
        before = self._compared(view, moment, None, then)
        return self._counted(view, moment), self._counted(*before) if before is not None else None

    def _counted(self, view: View, moment: datetime) -> ArchitectureCount:
        return counted(self._built(view, moment), DrawnMoment(view.commit.id, to_text(moment)))

    # -- parts

    def _sight(self, ref: str | None) -> tuple[View, datetime]:
        """A commit, and the moment until which its doors are looked at: now for the head of a branch."""
        view = View.at(self._workspace, ref)
        known = self._workspace.lake.refs.find(view.ref)
        now = self._workspace.clock()
        return view, now if known is not None and known.kind == "branch" else min(now, from_text(view.commit.time))

    def _compared(
        self, view: View, moment: datetime, against: str | None, then: datetime | None = None
    ) -> tuple[View, datetime] | None:
        asked = against or MONTH
        duration = read_duration(asked)
        try:
            if then is None:
                then = duration.before(moment) if duration is not None else from_text(asked)
        except (ValueError, OverflowError):
            return self._sight(asked)
        try:
            return View.at(self._workspace, f"{view.ref}@{to_text(then)}"), then
        except UsageError:
            if against is not None:
                raise
            return None

    def _built(self, view: View, moment: datetime) -> Built:
        self._workspace.query_log.flush()
        since = to_text(moment - timedelta(days=DAYS))
        key = (view.commit.id, since[:13], to_text(moment)[:13], self._workspace.query_log.last())
        found = self._kept.built.get(key)
        if found is None:
            found = self._read(view, since, to_text(moment))
            self._kept.built.put(key, found)
        lamps = self._troubles.lamps(view)
        return replace(found, elements=tuple(_lit(element, lamps) for element in found.elements))

    def _read(self, view: View, since: str, until: str) -> Built:
        leaves = view.state.leaves
        definitions = self._workspace.lake.objects.definitions(leaf.definition for leaf in leaves.values())
        doors = self._workspace.doors
        return built_of(
            view.project,
            {name: definitions[leaf.definition] for name, leaf in leaves.items()},
            {pair for pair in doors.asked(since, until) if pair[0] in leaves},
            {pair for pair in doors.told(since, until) if pair[0] in leaves},
        )


def built_of(
    project: Project,
    definitions: Mapping[str, Definition],
    asked: Set[tuple[str, str]],
    told: Set[tuple[str, str]],
) -> Built:
    """All that there is. Pure.

    Args:
        definitions: the code of each dataset.
        asked: `(dataset, door)`.
        told: `(dataset, channel)`.
    """
    connections = read_connections(project.settings.get(CONNECTIONS, {}))[0]
    elements: dict[str, Element] = {}
    edges: set[tuple[str, str]] = set()

    def add(element: Element) -> str:
        return elements.setdefault(element.id, element).id

    for name, connection in connections.items():
        add(Element(connection_id(name), BlockKind.CONNECTION, name, connection.kind))
    for name, definition in definitions.items():
        kind = BlockKind.SOURCE if definition.kind is Kind.SOURCE else BlockKind.DATASET
        add(Element(name, kind, name.partition(".")[0]))
        edges.update((add(place), name) for place in _places(definition, connections))
        edges.update((needed, name) for needed in definition.inputs if needed in definitions)
    for insight in project.insights:
        node = add(Element(insight_id(insight.name), BlockKind.INSIGHT, str(insight.kind)))
        edges.update((used, node) for used in insight.datasets if used in definitions)
    for name in (schedule.name for schedule in schedules_of(project.settings)):
        add(Element(f"schedule:{name}", BlockKind.SCHEDULE, name))
    for name, entry in book_of(project).entries.items():
        for rule in entry.rules if name in definitions else ():
            if rule.kind in RULES or rule.schedule is not None:
                group = rule.schedule or OWN_RULES
                edges.add((add(Element(f"schedule:{group}", BlockKind.SCHEDULE, group)), name))
    for dataset, door in asked:
        edges.add((dataset, add(Element(f"door:{door}", BlockKind.DOOR, door))))
    for name, channel in read_channels(project.settings.get(NOTIFY, {}))[0].items():
        add(Element(f"channel:{name}", BlockKind.CHANNEL, name, channel.kind))
    for dataset, name in told:
        edges.add((dataset, add(Element(f"channel:{name}", BlockKind.CHANNEL, name))))
    return Built(tuple(elements[id] for id in sorted(elements)), frozenset(edges))


def counted(built: Built, moment: DrawnMoment) -> ArchitectureCount:
    """How much there is, before anything is folded for want of room. Pure."""
    folded = plain_fold(built)
    lines, _ = lines_of(built, folded)
    kinds = Counter(element.kind for element in built.elements)
    doors = {element.id for element in built.elements if element.kind is BlockKind.DOOR}
    asked = {source for source, target in built.edges if target in doors}
    capabilities = kinds[BlockKind.INSIGHT] + len(asked)
    return ArchitectureCount(
        commit=moment.commit,
        at=moment.at,
        blocks=len(folded.folds),
        lines=len(lines),
        capabilities=capabilities,
        blocks_per_capability=round(len(folded.folds) / capabilities, 2) if capabilities else None,
        lines_per_capability=round(len(lines) / capabilities, 2) if capabilities else None,
        elements={str(kind): kinds[kind] for kind in BlockKind if kinds[kind]},
        edges=len(built.edges),
    )


def _places(definition: Definition, connections: Mapping[str, Connection]) -> Iterator[Element]:
    """Whom a source asks, or which files it reads."""
    if definition.kind is not Kind.SOURCE:
        return
    if definition.connection is not None:
        known = connections.get(definition.connection)
        words = known.kind if known is not None else "database"
        yield Element(connection_id(definition.connection), BlockKind.CONNECTION, definition.connection, words)
    elif definition.asks is not None:
        words = "own Python" if definition.is_function else "API"
        yield Element(api_id(definition.asks), BlockKind.CONNECTION, definition.asks, words)
    else:
        for read in definition.reads:
            group, words = _storage(read.patterns[0], connections) if read.patterns else ("files", "files")
            yield Element(f"files:{', '.join(read.patterns)}", BlockKind.CONNECTION, group, words)


def _storage(pattern: str, connections: Mapping[str, Connection]) -> tuple[str, str]:
    """Where a file lies: the connection by which it is fetched, the server, or the folder of the project."""
    if not is_remote(pattern):
        return f"{pattern.partition('/')[0]}/" if "/" in pattern else "files", "files"
    scheme, _, rest = pattern.partition("://")
    server = rest.partition("/")[0]
    for name, connection in connections.items():
        options = dict(connection.options)
        url = options.get("url")
        is_bucket = connection.kind == "s3" and scheme == "s3" and options.get("bucket") == server
        is_catalog = connection.kind == "iceberg" and scheme == "iceberg" and name == server
        if is_bucket or is_catalog or (url and pattern.startswith(url)):
            return name, connection.kind
    return server, scheme


def _lit(element: Element, lamps: Mapping[str, Lamp]) -> Element:
    if element.kind not in (BlockKind.SOURCE, BlockKind.DATASET):
        return element
    return replace(element, lamp=lamps.get(element.id, Lamp.OK))
