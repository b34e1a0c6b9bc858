"""What lake and folders should do, as plain dictionaries: no hashes, no storage, no plan.

A *content* is `(number, comment)`: a dataset `select NUMBER as n`, with or without a comment that changes nothing of its meaning; a
raw file is its number. A *cause* names a meaning, a text, or None for a deletion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.base.record import replace

Content = tuple[int, bool]
Code = dict[str, Content]
Raw = dict[str, int]
Cause = tuple[str, object]


class Conflict(Exception):
    """Both sides changed one file."""


class Refused(Exception):
    """There is nothing to do that with."""


@dataclass(frozen=True)
class Held:
    """What a commit holds."""

    code: Code = field(default_factory=dict)
    raw: Raw = field(default_factory=dict)

    def changed(self, other: Held) -> set[str]:
        """Names that differ, the raw files as one."""
        names = {p for p in self.code.keys() | other.code.keys() if self.code.get(p) != other.code.get(p)}
        return names | ({"raw"} if self.raw != other.raw else set())


@dataclass(frozen=True)
class Entry:
    """A publish, a redo or an undo that can be reverted: from what to what."""

    before: Held
    after: Held
    causes: frozenset[Cause] = frozenset()
    blocked: bool = False
    node: Node | None = None


@dataclass(frozen=True)
class Node:
    """A commit."""

    held: Held
    parents: tuple[Node, ...]
    generation: int

    def ancestors(self) -> list[Node]:
        found, waiting = {}, [self]
        while waiting:
            node = waiting.pop()
            if id(node) not in found:
                found[id(node)] = node
                waiting += node.parents
        return list(found.values())


@dataclass
class Branch:
    """A branch: its head, what an undo and a redo would take, and what undos keep out."""

    head: Node
    done: list[Entry] = field(default_factory=list)
    undone: list[Entry] = field(default_factory=list)
    rejected: frozenset[Cause] = frozenset()
    #: what single undos brought to that, the newest last
    groups: list[frozenset[Cause]] = field(default_factory=list)

    def copy(self) -> Branch:
        return replace(self, done=list(self.done), undone=list(self.undone), groups=list(self.groups))

    def passing(self, code: Code, raw: Raw, base: Base | None) -> frozenset[Cause]:
        """Causes that keep nothing out any more, since another of the same undo is corrected on the side that has `code` and `raw`, and
        that had `base` in common with the branch."""
        known = base.raw.files if base is not None and base.raw is not None else {}
        left, found = set(self.rejected), set()
        for group in reversed(self.groups):
            group = group & left
            left -= group
            corrected = {cause for cause in group if self._is_corrected(cause, code, raw, known)}
            found |= group - corrected if corrected else set()
        return frozenset(found)

    def _is_corrected(self, cause: Cause, code: Code, raw: Raw, known: Raw) -> bool:
        path, content = cause
        if path.startswith("raw/"):
            here = raw.get(path)
            # who never had it has not removed it
            return here != content if here is not None else content is not None and path in known
        here = code.get(path)
        return (
            here is not None and here != self.head.held.code.get(path) and not _is_rejected(path, here, self.rejected)
        )

    def publish(self, held: Held, merged: Node | None = None, passed: frozenset[Cause] = frozenset()) -> None:
        """Move to `held`; an unchanged state makes no commit."""
        before = self.head.held
        if held == before:
            return
        self.rejected -= passed
        changed = held.changed(before)
        self.undone = [replace(e, blocked=e.blocked or bool(changed & e.before.changed(e.after))) for e in self.undone]
        self._move(held, *([merged] if merged else []))
        self.done.append(Entry(before, held, node=self.head))

    def undo(self) -> None:
        if not self.done:
            raise Refused
        entry = self.done.pop()
        held = _revert(self.head.held, entry)
        causes = _causes(entry)
        self.undone.append(Entry(self.head.held, held, causes - self.rejected))
        self.groups.append(causes - self.rejected)
        self.rejected |= causes
        self._move(held)

    def redo(self) -> None:
        if not self.undone or self.undone[-1].blocked:
            raise Refused
        entry = self.undone.pop()
        held = _revert(self.head.held, entry)
        self.rejected -= entry.causes
        before = self.head.held
        self._move(held)
        self.done.append(Entry(before, held, node=self.head))

    def accept(self, path: str) -> set[Cause]:
        lifted = {c for c in self.rejected if c[0] == path}
        if not lifted:
            raise Refused
        self.rejected -= lifted
        self._move(self.head.held)
        return lifted

    def moved(self, kind: str, path: str, since: Node) -> bool:
        """Whether publishes that were not taken back changed a file after `since`, all in all; an undo counts as no change."""
        known = {id(node) for node in since.ancestors()}
        pairs = [(getattr(e.before, kind), getattr(e.after, kind)) for e in self.done if id(e.node) not in known]
        changes = [old.get(path) for old, new in pairs if old.get(path) != new.get(path)]
        return bool(changes) and changes[0] != getattr(self.head.held, kind).get(path)

    def _move(self, held: Held, *others: Node) -> None:
        parents = (self.head, *others)
        self.head = Node(held, parents, 1 + max(p.generation for p in parents))


@dataclass
class Common:
    """Files that a folder and a branch had in common (None: both had it, and it is gone from both), and at which commit."""

    files: dict = field(default_factory=dict)
    at: dict[str, Node] = field(default_factory=dict)

    def after(self, node: Node, head: dict, folder: dict) -> Common:
        files, at = dict(self.files), dict(self.at)
        for path in head.keys() | folder.keys() | files.keys():
            if head.get(path) == folder.get(path):
                files[path], at[path] = head.get(path), node
        return Common(files, at)


@dataclass
class Base:
    """What a folder and a branch last had in common; of the raw files nothing may be known yet."""

    code: Common = field(default_factory=Common)
    raw: Common | None = None
    #: the commit that was compared last
    node: Node | None = None

    @classmethod
    def of(cls, node: Node) -> Base:
        held = node.held
        return cls(*(Common(dict(files), dict.fromkeys(files, node)) for files in (held.code, held.raw)), node)


@dataclass
class Folder:
    """A clone: its files and its base per branch."""

    code: Code
    raw: Raw
    bases: dict[str, Base] = field(default_factory=dict)


class Model:
    """Branches of one lake, and the folders that work on it."""

    def __init__(self, folders: dict[str, Folder]) -> None:
        self.folders = folders
        self.branches = {"main": Branch(Node(Held(), (), 1))}

    def base(self, who: str, branch: str) -> Base | None:
        """What folder and branch have in common: kept, or what the branch had where it parted from another that the folder knows."""
        bases = self.folders[who].bases
        if branch in bases:
            return bases[branch]
        for other in sorted(bases, key=lambda name: (name != "main", name)):
            known = bases[other]
            parted = _merge_base(known.node, self.branches[branch].head) if known.node else None
            if parted is not None and parted.parents:
                there, raw = parted.held, known.raw
                return Base(_within(known.code, there.code, parted), raw and _within(raw, there.raw, parted), parted)
        return None

    def run(self, who: str, branch: str) -> None:
        folder, target = self.folders[who], self.branches[branch]
        base = self.base(who, branch)
        passed = target.passing(folder.code, folder.raw, base)
        held = self._merged(target, folder.code, folder.raw, base, passed)
        target.publish(held, passed=passed)
        old = base or Base()
        common = old.code.after(target.head, held.code, folder.code)
        rejected = target.rejected - passed
        for path, content in [*folder.code.items(), *((p, None) for p in held.code.keys() - folder.code.keys())]:
            if path not in old.code.files and content != held.code.get(path) and _is_rejected(path, content, rejected):
                common.files[path], common.at[path] = held.code.get(path), target.head
        folder.bases[branch] = Base(
            common,
            (old.raw or Common()).after(target.head, held.raw, folder.raw),
            target.head,
        )

    def refresh(self, who: str, branch: str) -> None:
        folder, target = self.folders[who], self.branches[branch]
        base = self.base(who, branch)
        passed = target.passing(target.head.held.code, folder.raw, base)
        held = self._merged(target, target.head.held.code, folder.raw, base, passed)
        target.publish(held, passed=passed)
        old = base or Base(node=target.head)
        folder.bases[branch] = replace(old, raw=(old.raw or Common()).after(target.head, held.raw, folder.raw))

    def publish(self, who: str, branch: str, into: str = "main") -> None:
        source, target = self.branches[branch].head, self.branches[into]
        common = _merge_base(source, target.head)
        base = Base.of(common) if common else None
        passed = target.passing(source.held.code, source.held.raw, base)
        target.publish(self._merged(target, source.held.code, source.held.raw, base, passed), source, passed)
        folder = self.folders[who]
        old = self.base(who, into) or Base()
        folder.bases[into] = Base(
            old.code.after(target.head, target.head.held.code, folder.code),
            (old.raw or Common()).after(target.head, target.head.held.raw, folder.raw),
            target.head,
        )

    def branch(self, who: str, name: str) -> None:
        self.branches[name] = self.branches["main"].copy()
        bases = self.folders[who].bases
        if "main" in bases:
            bases[name] = replace(bases["main"])

    def accept(self, branch: str, path: str) -> None:
        self.branches[branch].accept(path)

    def can_pull(self, who: str, branch: str) -> bool:
        """Whether no text has to be merged by lines."""
        return all(choice != "merge" for _, choice in self._pulled(who, branch))

    def pull(self, who: str, branch: str) -> None:
        folder, target = self.folders[who], self.branches[branch]
        head, base = target.head.held.code, self.base(who, branch) or Base()
        edits = []
        for path, choice in list(self._pulled(who, branch)):
            if choice == "take":
                _set(folder.code, path, head)
            elif (choice == "undone" and path not in base.code.files) or choice == "gone":
                edits.append(path)
        code = base.code.after(target.head, head, folder.code)
        for path in edits:
            code.files[path], code.at[path] = head.get(path), target.head
        raw = (base.raw or Common()).after(target.head, target.head.held.raw, folder.raw)
        folder.bases[branch] = Base(code, raw, target.head)

    def _pulled(self, who: str, branch: str):
        """What a pull does where folder and branch differ, file by file."""
        folder, target = self.folders[who], self.branches[branch]
        head, base = target.head.held.code, (self.base(who, branch) or Base()).code
        for path in head.keys() | folder.code.keys():
            ours, theirs, before = folder.code.get(path), head.get(path), base.files.get(path)
            is_known = path in base.files
            is_unmoved = is_known and not target.moved("code", path, base.at[path])
            if ours == theirs:
                continue
            if ours is not None and _is_rejected(path, ours, target.rejected):
                yield path, "undone"
            elif (is_known and theirs == before) or _is_rejected(path, ours, target.rejected):
                continue
            elif is_unmoved:
                if ours is not None:
                    yield path, "undone"
            elif ours is None or (is_known and ours == before):
                yield path, "take"
            else:
                yield path, "gone" if theirs is None else "merge"

    def _merged(self, target: Branch, code: Code, raw: Raw, base: Base | None, passed: frozenset[Cause]) -> Held:
        held, rejected = target.head.held, target.rejected - passed
        merged, _ = _merge(target, "code", code, base.code if base else None, rejected)
        merged_raw, met = _merge(target, "raw", raw, base.raw if base else None, rejected)
        return Held(merged, dict(held.raw) if met else merged_raw)


def _within(known: Common, there: dict, parted: Node) -> Common:
    """What a commit has at the paths that a folder knows."""
    return Common({path: there.get(path) for path in known.files}, dict.fromkeys(known.files, parted))


def _merge(
    target: Branch, kind: str, folder: dict, base: Common | None, rejected: frozenset[Cause]
) -> tuple[dict, bool]:
    """The files that count, and whether something that was undone was met."""
    head, result, met = getattr(target.head.held, kind), {}, False
    for path in head.keys() | folder.keys():
        here, there = folder.get(path), head.get(path)
        before = base.files.get(path) if base is not None else None
        if here == there:
            chosen = here
        elif _is_rejected(path, here, rejected):
            chosen, met = there, True
        elif there == before or (
            base is not None and path in base.files and not target.moved(kind, path, base.at[path])
        ):
            chosen = here
        elif here == before:
            chosen = there
        else:
            raise Conflict(path)
        if chosen is not None:
            result[path] = chosen
    return result, met


def _is_rejected(path: str, content: object, rejected: frozenset[Cause]) -> bool:
    if isinstance(content, tuple):
        return (path, content) in rejected or (path, content[0]) in rejected
    return (path, content) in rejected


def _causes(entry: Entry) -> frozenset[Cause]:
    """What a publish altered in code; only if it altered none, the raw files it brought."""
    before, after = entry.before, entry.after
    causes: set[Cause] = set()
    for path in before.code.keys() | after.code.keys():
        old, new = before.code.get(path), after.code.get(path)
        if old != new:
            meant_else = new is not None and (old is None or old[0] != new[0])
            causes.add((path, new[0] if meant_else else new))
    if not causes:
        names = before.raw.keys() | after.raw.keys()
        causes = {(p, after.raw.get(p)) for p in names if before.raw.get(p) != after.raw.get(p)}
    return frozenset(causes)


def _revert(held: Held, entry: Entry) -> Held:
    code = dict(held.code)
    for path in entry.before.changed(entry.after) - {"raw"}:
        _set(code, path, entry.before.code)
    return Held(code, dict(entry.before.raw if entry.before.raw != entry.after.raw else held.raw))


def _merge_base(left: Node, right: Node) -> Node | None:
    ours = {id(node) for node in left.ancestors()}
    return max((n for n in right.ancestors() if id(n) in ours), key=lambda n: n.generation, default=None)


def _set(target: dict, path: str, source: dict) -> None:
    if path in source:
        target[path] = source[path]
    else:
        target.pop(path, None)
