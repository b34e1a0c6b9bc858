"""What single files say: read once per (path, content), SQL parsed many at a time, then linked to a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.cache import Cache, Entries
from andon.errors import Problem
from andon.model.dataset import Dataset
from andon.model.lock import lock_digest, locked_for, read_lock
from andon.model.project import Project
from andon.project.earlier_files import EarlierFiles
from andon.project.files.facts import ConfigFile, FileFacts, LockFile
from andon.project.files.layout import DATASET_ROLES, Role, spot
from andon.project.files.problems import at_offset
from andon.project.link.project import link

_SELECTS = frozenset({Role.SOURCE_SQL, Role.DATASET_SQL, Role.CHECK, Role.QUERY})
_MAY_BE_EMPTY = frozenset(
    {
        Role.CONFIG,
        Role.MODULE,
        Role.YAML,
        Role.TEXT,
        Role.LOCK,
        Role.MISPLACED,
        Role.TEST,
        Role.PLAYBOOKS,
        Role.GLOSSARY,
    }
)
#: Roles of files that may shape datasets whose own files are as they were.
_SHAPING = frozenset({Role.CONFIG, Role.LOCK, Role.SPARK_SQL, Role.MACRO, Role.MODULE, Role.MISPLACED})
#: A byte order mark, which is no part of a text.
_MARK = b"\xef\xbb\xbf"
#: Of so many new files it is asked whether they are earlier ones with other comments: to compare more costs what parsing them does.
_FEW = 8


def assemble(
    files: Mapping[str, str],
    read: Callable[[str], bytes],
    cache: Cache,
    format: int,
    read_many: Callable[[Iterable[str]], Mapping[str, bytes]] | None = None,
    earlier: EarlierFiles | None = None,
    before: Callable[[], Project | None] = lambda: None,
) -> Project:
    """The project that `files` (`{path: sha256}`) make; see `load`.

    Args:
        format: of what is kept.
        before: gives a project that other files made: what stands in it as it would come out again is taken from there.
    """
    texts = _Texts(read, read_many)
    known = before()
    standing = standing_datasets(known, files) if known is not None else None
    if standing:
        own = {dataset.definition.entry for dataset in standing.values()}
        others = {path: sha for path, sha in files.items() if path not in own}
        project = link(files, _facts(others, texts, cache, format, earlier), texts.get, standing)
        if not project.problems:
            return project
    return link(files, _facts(files, texts, cache, format, earlier), texts.get)


def standing_datasets(before: Project, files: Mapping[str, str]) -> dict[str, Dataset]:
    """The datasets of a project, and what is set aside of them, that `files` would make again as they are; none where that is not sure.

    A dataset is made of its file, of the macros, modules and locks that it uses, and of the settings. What is wrong with one may lie in
    any other, so nothing is taken from a project with problems, nor where a file of a dataset is gone.
    """
    if before.problems:
        return {}
    changed = {path for path, sha in files.items() if before.files.get(path) != sha}
    gone = {path for path in before.files if path not in files}
    if len(changed) + len(gone) > len(files) // 2:
        return {}
    if any(spot(path).role in _SHAPING for path in (*changed, *gone)):
        return {}
    if any(spot(path).role in DATASET_ROLES for path in gone):
        return {}
    return {name: each for name, each in before.datasets.items() if each.definition.entry not in changed}


class _Texts:
    """Texts of files, each decoded once."""

    def __init__(
        self,
        read: Callable[[str], bytes],
        read_many: Callable[[Iterable[str]], Mapping[str, bytes]] | None = None,
    ) -> None:
        self._read = read
        self._read_many = read_many
        self._ahead: dict[str, bytes] = {}
        self._texts: dict[str, str] = {}
        self.not_utf8: dict[str, int] = {}

    def read_ahead(self, paths: Iterable[str]) -> None:
        """Read files that will be asked for, where several at once cost less."""
        if self._read_many is not None:
            self._ahead.update(self._read_many(paths))

    def get(self, path: str) -> str:
        """The text, without a byte order mark; what is not UTF-8 is replaced and noted in `not_utf8`."""
        if path not in self._texts:
            read = self._ahead.pop(path, None)
            content = (self._read(path) if read is None else read).removeprefix(_MARK)
            try:
                self._texts[path] = content.decode()
            except UnicodeDecodeError as error:
                self.not_utf8[path] = error.start
                self._texts[path] = content.decode(errors="replace")
        return self._texts[path]


def _facts(
    files: Mapping[str, str], texts: _Texts, cache: Cache, format: int, earlier: EarlierFiles | None
) -> dict[str, FileFacts]:
    kind = Entries[FileFacts]("facts", FileFacts, format)
    keys = {path: f"{path}:{sha}" for path, sha in files.items()}
    known = cache.get(kind, keys.values())
    missing = [path for path, key in keys.items() if key not in known]
    texts.read_ahead(missing)
    new = _reworded(missing, texts, cache, kind, earlier) if earlier is not None and len(missing) <= _FEW else {}
    new.update(read_files([path for path in missing if path not in new], texts))
    if new:
        cache.put(kind, {keys[path]: facts for path, facts in new.items()})
    return {path: new[path] if path in new else known[key] for path, key in keys.items()}


def _reworded(
    paths: Iterable[str], texts: _Texts, cache: Cache, kind: Entries[FileFacts], earlier: EarlierFiles
) -> dict[str, FileFacts]:
    """The facts of those files that are earlier ones with other comments."""
    before = {p: earlier.files[p] for p in paths if p in earlier.files and spot(p).role is Role.DATASET_SQL}
    known = cache.get(kind, (f"{path}:{sha}" for path, sha in before.items()))
    # what another file of the same text says is not what this one does
    before = {path: sha for path, sha in before.items() if f"{path}:{sha}" in known}
    held = earlier.texts(before.values())
    found: dict[str, FileFacts] = {}
    for path, sha in before.items():
        text = texts.get(path)
        if sha not in held or path in texts.not_utf8:
            continue
        from andon.project.files.reworded import reworded

        facts = reworded(held[sha].removeprefix(_MARK).decode(errors="replace"), known[f"{path}:{sha}"], text)
        if facts is not None:
            found[path] = _with_secrets(path, text, facts)
    return found


def read_files(paths: Iterable[str], texts: _Texts) -> dict[str, FileFacts]:
    """What each of the files says on its own, with its problems."""
    found: dict[str, FileFacts] = {}
    good: dict[str, Role] = {}
    for path in paths:
        text, role = texts.get(path), spot(path).role
        problem = _unreadable(path, text, role, texts)
        if problem is None:
            good[path] = role
        else:
            found[path] = FileFacts(None, (problem,))
    found.update(_said(good, texts))
    return {path: _with_secrets(path, texts.get(path), facts) for path, facts in found.items()}


def _unreadable(path: str, text: str, role: Role, texts: _Texts) -> Problem | None:
    if path in texts.not_utf8:
        offset = len(texts.get(path).encode(errors="replace")[: texts.not_utf8[path]].decode(errors="ignore"))
        message = "the file is not UTF-8 text"
        return at_offset(path, text, offset, "project.not_utf8", message, "save it as UTF-8")
    if not text.strip() and role not in _MAY_BE_EMPTY:
        return Problem("project.empty_file", "the file is empty", path, hint="fill it or remove it")
    return None


def _said(roles: Mapping[str, Role], texts: _Texts) -> dict[str, FileFacts]:
    found: dict[str, FileFacts] = {}
    selects = [(path, texts.get(path), role) for path, role in roles.items() if role in _SELECTS]
    if selects:
        from andon.project.files.sql import read_selects

        found.update(zip((path for path, _, _ in selects), read_selects(selects), strict=True))
    macros = [(path, texts.get(path)) for path, role in roles.items() if role is Role.MACRO]
    if macros:
        from andon.project.files.sql import read_macro_files

        found.update(zip((path for path, _ in macros), read_macro_files(macros), strict=True))
    for path, role in roles.items():
        if path not in found:
            found[path] = _one(path, texts.get(path), role)
    return found


def _one(path: str, text: str, role: Role) -> FileFacts:
    match role:
        case Role.DATASET_PYTHON | Role.MODULE:
            from andon.project.files.python import read_module, read_python_dataset

            return read_module(path, text) if role is Role.MODULE else read_python_dataset(path, text)
        case Role.INSIGHT | Role.YAML:
            from andon.project.files.insight import read_insight, read_plain_yaml

            return read_insight(path, text) if role is Role.INSIGHT else read_plain_yaml(path, text)
        case Role.PLAYBOOKS:
            from andon.project.files.playbooks import read_playbooks

            return read_playbooks(path, text)
        case Role.GLOSSARY:
            from andon.project.files.glossary import read_glossary

            return read_glossary(path, text)
        case Role.TEST | Role.TEST_DATA:
            from andon.project.files.unit_tests import read_test_data, read_test_file

            return read_test_file(path, text) if role is Role.TEST else read_test_data(text)
        case Role.CONFIG:
            from andon.project.files.toml import read_toml

            values, problems = read_toml(path, text)
            return FileFacts(ConfigFile(values), tuple(problems))
        case Role.LOCK:
            hint = "a lock holds `name==version` with hashes only; `andon lock` writes it"
            flaws = [Problem("build.bad_lock", f.message, path, f.line, 1, hint) for f in read_lock(text)[1]]
            return FileFacts(LockFile(lock_digest(text), locked_for(text)), tuple(flaws))
        case Role.SPARK_SQL:
            from andon.project.files.spark import read_spark_sql

            return read_spark_sql(path, text)
        case Role.SOURCE_REST:
            from andon.project.files.rest import read_rest

            return read_rest(path, text)
        case Role.SOURCE_PYTHON:
            from andon.project.files.python_source import read_python_source

            return read_python_source(path, text)
    return FileFacts()


def _with_secrets(path: str, text: str, facts: FileFacts) -> FileFacts:
    from andon.project.files.secrets import find_secrets

    found = find_secrets(path, text)
    if not found:
        return facts
    # an excerpt may show the line of the secret
    others = (Problem(p.code, p.message, p.file, p.line, p.column, p.hint) for p in facts.problems)
    return FileFacts(facts.said, (*others, *found))
