"""The architecture of a lake as blocks and lines: what there is, folded, and what goes from one to the other."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import Document
from andon.base.record import Record, field
from andon.model.lamp import Lamp


class BlockKind(StrEnum):
    """What a block stands for: a `connection` that data comes by (a database, a storage, an API, files), a `schedule`, `source`s or
    `dataset`s of one schema, `insight`s of one kind, a `door` by which somebody asked, a `channel` by which people are told."""

    CONNECTION = "connection"
    SCHEDULE = "schedule"
    SOURCE = "source"
    DATASET = "dataset"
    INSIGHT = "insight"
    DOOR = "door"
    CHANNEL = "channel"


class Presence(StrEnum):
    """Whether something is there at both of two moments, came (`new`), or went (`gone`)."""

    SAME = "same"
    NEW = "new"
    GONE = "gone"


class Element(Record):
    """One thing that there is: a dataset, a connection, an insight.

    Attributes:
        id: as in the lineage: `schema.dataset`, `connection:name`, `api:name`, `insight:name`; else `files:pattern`, `schedule:name`,
            `door:name`, `channel:name`.
        group: what it is folded by within its kind.
        words: what is said of it in a word or two; empty where the kind says it.
    """

    id: str
    kind: BlockKind
    group: str
    words: str = ""
    lamp: Lamp | None = None


class Built(Record):
    """All that there is at one moment, and what goes from one thing into another, each pair once."""

    elements: tuple[Element, ...] = ()
    edges: frozenset[tuple[str, str]] = field(default_factory=frozenset)


class ArchitectureBlock(Document):
    """A block.

    Attributes:
        id: the kind and what it is folded by.
        words: what is said of it in a word or two.
        members: the ids of what it stands for, sorted; of one that is gone there are none.
        was: how many members it had before; None where nothing is compared.
        lights: how its datasets stand: `{lamp: how many}`, the worst first.
        inside: how many of the pairs of members one goes into the other.
        folds: so many blocks are drawn as this one, as there is no room for each; 1 for most.
        came, went: members that are there now and were not, and the other way round.
    """

    id: str
    kind: BlockKind
    title: str
    words: str
    members: list[str]
    was: int | None
    lights: dict[str, int]
    inside: int
    folds: int
    state: Presence
    came: list[str]
    went: list[str]


class ArchitectureLine(Document):
    """What goes from one block into another.

    Attributes:
        edges: how many pairs of members one goes into the other, at least one; 0 where the line is gone.
        was: how many there were before; None where nothing is compared.
    """

    source: str = field(name="from")
    target: str = field(name="to")
    edges: int
    was: int | None
    state: Presence


class ArchitectureCount(Document):
    """How much there is at one moment, before anything is folded for want of room.

    Attributes:
        commit: whose code it is. at: the moment (ISO text).
        blocks, lines: as they would be drawn without a limit.
        capabilities: the insights, and the datasets that somebody asked within the 30 days before.
        blocks_per_capability, lines_per_capability: None where there are none.
        elements: what there is, by kind. edges: pairs of which one goes into the other.
    """

    commit: str
    at: str
    blocks: int
    lines: int
    capabilities: int
    blocks_per_capability: float | None
    lines_per_capability: float | None
    elements: dict[str, int]
    edges: int


class ArchitectureDocument(Document):
    """The architecture at a commit, beside that of an earlier one.

    Attributes:
        branch: how the commit was named.
        now: how much there is. before: how much there was at what it is compared with; None where nothing is that old.
        told: why nothing is compared; empty where something is.
    """

    branch: str
    now: ArchitectureCount
    before: ArchitectureCount | None
    told: str
    blocks: list[ArchitectureBlock]
    lines: list[ArchitectureLine]
