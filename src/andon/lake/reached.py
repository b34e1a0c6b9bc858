"""What commits reach: their trees, texts, definitions, builds, versions and files, read row by row, so that what is damaged hides nothing.

Nothing is believed: each row is compared with its id, and what is not what its id says leads no further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from andon.base.database import Database, Row
from andon.base.record import Record
from andon.lake.analysis_runs import file_of, run_of
from andon.lake.packages import PackageFile, packages_of
from andon.lake.packing import build_of, fields, unpack, version_of
from andon.lake.row_texts import decompressed
from andon.lake.sealed import Sealed
from andon.lake.trees import TreeParts, node_of
from andon.lake.wrong_objects import (
    ANALYSIS_RUN,
    BUILD,
    COMMIT,
    DEFINITION,
    TEXT,
    TREE,
    VERSION,
    ObjectKind,
    is_right,
    rows_of,
)
from andon.model.analysis import AnalysisRun
from andon.model.build import Build, InputFile
from andon.model.commit import Commit, Leaf
from andon.model.version import Version

#: What is damaged: the kind of an object or of a file, and its id or path.
Part = tuple[str, str]
#: Files: of versions, copies of what was loaded, what runs of analyses made, and wheels of locks.
DATA, RAW, MADE, PACKAGE = "data file", "raw file", "analysis file", "package"
FILES = (DATA, RAW, MADE, PACKAGE)
_LOCK = ".lock.txt"
#: By commit the datasets that something touches.
Touched = dict[str, set[str]]


class WrongObject(Record):
    """An object that is not what its id says; `what` is `is not there` or `is damaged`."""

    kind: str
    id: str
    what: str


class Reached:
    """What some commits reach.

    Args:
        commits: ids.
        parents: whether what came before them is reached, too.
        copy: where the content of a raw file is kept.
        analyses: ids of runs of analyses, which reach the commits that they read, their code, and what they made.
    """

    def __init__(
        self,
        database: Database,
        commits: Iterable[str],
        copy: Callable[[InputFile], Sealed],
        *,
        parents: bool = False,
        analyses: Iterable[str] = (),
    ) -> None:
        self._database = database
        self.objects = 0
        self.wrong: list[WrongObject] = []
        self.commits: dict[str, Commit | None] = {}
        self.versions: dict[str, Version] = {}
        self.builds: dict[str, Build] = {}
        self.analyses: dict[str, AnalysisRun] = {}
        self._copy = copy
        self._schemas: dict[str, Mapping[str, str]] = {}
        self._shared: dict[str, str | None] = {}
        self._leaves: dict[str, Mapping[str, Leaf]] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, Mapping[str, str]] = {}
        self._inputs: dict[str, tuple[str, ...]] = {}
        self._packages: dict[str, list[PackageFile]] = {}
        for row in self._right(ANALYSIS_RUN, analyses):
            self.analyses[row[0]] = run_of(row[-1])
        self._read_commits({*commits, *(run.commit for run in self.analyses.values())}, parents)
        self._read_trees()
        self._read_leaves()

    def files(self) -> dict[Part, Sealed]:
        """Data files of versions, kept raw files of builds, what runs of analyses made, and kept wheels of locks, each once."""
        found: dict[Part, Sealed] = {(DATA, f.path): f for v in self.versions.values() for f in v.files}
        for build in self.builds.values():
            for file in map(self._copy, build.files):
                found[RAW, file.path] = file
        for run in self.analyses.values():
            for each in run.outputs:
                found[MADE, each.path] = file_of(each.sha256, each.size)
        found.update({(PACKAGE, wheel.path): wheel for wheels in self._packages.values() for wheel in wheels})
        return found

    def wheels(self) -> dict[str, PackageFile]:
        """Kept wheels of locks, by path."""
        return {wheel.path: wheel for wheels in self._packages.values() for wheel in wheels}

    def owners(self) -> dict[Part, str]:
        """The dataset that each file is of, or the analysis."""
        found = {(DATA, f.path): v.dataset for v in self.versions.values() for f in v.files}
        found.update({(RAW, self._copy(f).path): b.dataset for b in self.builds.values() for f in b.files})
        found.update({(MADE, o.path): f"analyses/{run.name}" for run in self.analyses.values() for o in run.outputs})
        for run in self.analyses.values():
            found.update({(PACKAGE, w.path): f"analyses/{run.name}" for w in self._packages.get(run.lock or "", ())})
        for leaf in (leaf for leaves in self._leaves.values() for leaf in leaves.values()):
            build = self.builds.get(leaf.build)
            if build is not None:
                found.update({(PACKAGE, wheel.path): build.dataset for wheel in self._wheels_of(leaf)})
        return found

    def touched(self, parts: Iterable[Part]) -> dict[Part, Touched]:
        """By each of `parts` the commits that show it, with the datasets that show it there; `marts.*` where nobody knows which."""
        wanted = set(parts)
        found: dict[Part, Touched] = {part: {} for part in wanted}
        by_root: dict[str, list[str]] = defaultdict(list)
        for id, commit in self.commits.items():
            if (COMMIT.name, id) in wanted:
                found[COMMIT.name, id].setdefault(id, set())
            if commit is not None:
                by_root[commit.root].append(id)
        in_tree = {tree: [*self._in_leaves(leaves, wanted)] for tree, leaves in self._leaves.items()}
        for root, commits in by_root.items():
            for part, dataset in self._in_root(root, in_tree, wanted):
                for id in commits:
                    found[part].setdefault(id, set()).update([dataset] if dataset is not None else ())
        for run in self.analyses.values():
            for part in wanted.intersection(_of_run(run)):
                found[part].setdefault(run.commit, set()).add(f"analyses/{run.label}")
        return found

    # -- reading

    def _read_commits(self, waiting: set[str], parents: bool) -> None:
        while waiting:
            self.commits.update(dict.fromkeys(waiting))
            for row in self._right(COMMIT, waiting):
                self.commits[row[0]] = Commit.from_body(row[0], fields(unpack(row[-1])))
            above = {p for id in waiting if (commit := self.commits[id]) is not None for p in commit.parents}
            waiting = above - self.commits.keys() if parents else set()

    def _read_trees(self) -> None:
        for row in self._right(TREE, {commit.root for commit in self.commits.values() if commit is not None}):
            root = fields(unpack(row[1]))
            self._schemas[row[0]], self._shared[row[0]] = root["schemas"], root["shared"]
        shared = {id for id in self._shared.values() if id}
        schemas = {tree for root in self._schemas.values() for tree in root.values()}
        waiting = shared | schemas
        while waiting:
            below: set[str] = set()
            for id, body in self._right(TREE, waiting):
                # an empty tree is one of both
                if id in schemas:
                    node = node_of(decompressed(body))
                    if isinstance(node, TreeParts):
                        self._parts[id] = node.held
                        below.update(node.held)
                    else:
                        self._leaves[id] = node
                if id in shared:
                    self._texts[id] = unpack(body)
            waiting = below - schemas
            schemas |= below

    def _read_leaves(self) -> None:
        shown = {leaf.build: leaf for leaves in self._leaves.values() for leaf in leaves.values()}
        texts = {sha for shared in self._texts.values() for sha in shared.values()}
        texts |= {sha for leaves in self._leaves.values() for leaf in leaves.values() for _, sha in leaf.files}
        texts |= {part[1] for run in self.analyses.values() for part in _of_run(run) if part[0] == TEXT.name}
        for _ in self._right(TEXT, texts):
            pass
        files = {file for leaves in self._leaves.values() for leaf in leaves.values() for file in leaf.files}
        locks = {sha for path, sha in files if path.endswith(_LOCK)}
        locks |= {run.lock for run in self.analyses.values() if run.lock is not None}
        self._packages = packages_of(self._database, sorted(locks))
        for _ in self._right(DEFINITION, {leaf.definition for leaf in shown.values()}):
            pass
        for row in self._right(BUILD, shown):
            leaf, build = shown[row[0]], build_of(row)
            if (build.definition, build.key) == (leaf.definition, leaf.key):
                self.builds[build.id] = build
            else:
                self.wrong.append(WrongObject(BUILD.name, build.id, "is damaged"))
        self._read_versions({leaf.version for leaves in self._leaves.values() for leaf in leaves.values()})

    def _read_versions(self, waiting: set[str]) -> None:
        """Those of views lead to what the views read."""
        while waiting:
            views = set()
            for id, dataset, is_view, _, _, text in self._right(VERSION, waiting):
                self.versions[id] = version_of(id, dataset, bool(is_view), text)
                if is_view:
                    views.add(id)
            known = {build.key: build for build in self.builds.values() if build.key in views}
            for row in self._by_key(views - known.keys()):
                known[row[1]] = build_of(row)
            self._inputs.update({key: tuple(build.inputs.values()) for key, build in known.items()})
            below = {each for key in known for each in self._inputs[key]}
            waiting = below - self.versions.keys() - waiting - {w.id for w in self.wrong}

    def _by_key(self, keys: set[str]) -> Iterator[Row]:
        ids = []
        for key in keys:
            ids += [
                str(row[0])
                for row in self._database.query("select id from build where key = ? and superseded = 0", [key])
            ]
        yield from self._right(BUILD, set(ids))

    def _right(self, kind: ObjectKind, ids: Iterable[str]) -> Iterator[Row]:
        """The rows that are what their id says; of all others it is noted."""
        wanted = set(ids)
        self.objects += len(wanted)
        met = set()
        for row in rows_of(self._database, kind, wanted):
            met.add(row[0])
            if is_right(kind, row):
                yield row
            else:
                self.wrong.append(WrongObject(kind.name, row[0], "is damaged"))
        self.wrong += [WrongObject(kind.name, id, "is not there") for id in sorted(wanted - met)]

    # -- what shows what

    def _in_root(
        self, root: str, in_tree: Mapping[str, Sequence[tuple[Part, str]]], wanted: set[Part]
    ) -> Iterator[tuple[Part, str | None]]:
        if (TREE.name, root) in wanted:
            yield (TREE.name, root), None
        for schema, whole in self._schemas.get(root, {}).items():
            for tree in self._under(whole):
                if (TREE.name, tree) in wanted:
                    yield (TREE.name, tree), f"{schema}.*"
                yield from ((part, f"{schema}.{name}") for part, name in in_tree.get(tree, ()))
        shared = self._shared.get(root)
        if shared is not None:
            if (TREE.name, shared) in wanted:
                yield (TREE.name, shared), None
            texts = self._texts.get(shared, {}).values()
            yield from (((TEXT.name, sha), None) for sha in texts if (TEXT.name, sha) in wanted)

    def _under(self, tree: str) -> Iterator[str]:
        """A tree, and all of which it is made."""
        yield tree
        for part in self._parts.get(tree, ()):
            yield from self._under(part)

    def _wheels_of(self, leaf: Leaf) -> Iterator[PackageFile]:
        for _, sha in leaf.files:
            yield from self._packages.get(sha, ())

    def _in_leaves(self, leaves: Mapping[str, Leaf], wanted: set[Part]) -> Iterator[tuple[Part, str]]:
        for name, leaf in leaves.items():
            for part in self._of_leaf(leaf):
                if part in wanted:
                    yield part, name

    def _of_leaf(self, leaf: Leaf) -> Iterator[Part]:
        yield DEFINITION.name, leaf.definition
        yield BUILD.name, leaf.build
        yield from ((TEXT.name, sha) for _, sha in leaf.files)
        build = self.builds.get(leaf.build)
        for file in build.files if build is not None else ():
            yield RAW, self._copy(file).path
        yield from ((PACKAGE, wheel.path) for wheel in self._wheels_of(leaf))
        waiting, met = [leaf.version], set()
        while waiting:
            version = waiting.pop()
            if version in met:
                continue
            met.add(version)
            yield VERSION.name, version
            known = self.versions.get(version)
            yield from ((DATA, file.path) for file in (known.files if known is not None else ()))
            waiting += self._inputs.get(version, ())


def _of_run(run: AnalysisRun) -> list[Part]:
    """The texts and files of a run of an analysis."""
    texts = [*run.code.values(), *([run.lock] if run.lock is not None else ())]
    return [*((TEXT.name, sha) for sha in texts), *((MADE, each.path) for each in run.outputs)]
