"""What the folder and a branch last had in common, part by part, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.project.folder.merge import next_base


@dataclass(frozen=True, slots=True)
class InCommon:
    """Files that the folder and a branch had in common.

    Attributes:
        files: `{path: sha256}`, None for a file that both had and that is gone from both.
        commit: id of the commit at which they last were compared; "" if no commit is known.
        since: `{path: id of an earlier commit}` of files in which they did not agree then, and last did there.
    """

    files: Mapping[str, str | None] = field(default_factory=dict)
    commit: str = ""
    since: Mapping[str, str] = field(default_factory=dict)

    def agreed_at(self, path: str) -> str:
        """The commit at which folder and branch last agreed in `path`."""
        return self.since.get(path, self.commit)

    def after(
        self, commit: str, head: Mapping[str, str], folder: Mapping[str, str], edits: Iterable[str] = ()
    ) -> InCommon:
        """The same after the folder's files and those of `commit` (`head`) were compared.

        Args:
            edits: paths at which what the folder has counts as an edit of what the head has.
        """
        decided = {path: head.get(path) for path in edits}
        files = {**next_base(self.files, head, folder), **decided}
        since = {p: self.agreed_at(p) for p in files if folder.get(p) != head.get(p) and p not in decided}
        return InCommon(files, commit, {p: at for p, at in since.items() if at != commit})

    def to_json(self) -> dict[str, Any]:
        """As kept in `.andon/`."""
        return {"files": dict(self.files), "commit": self.commit, "since": dict(self.since)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> InCommon:
        """Inverse of `to_json`."""
        return cls(value["files"], value["commit"], value["since"])


@dataclass(frozen=True, slots=True)
class Base:
    """What the folder and a branch last had in common: code, and the raw files of each source."""

    code: InCommon = field(default_factory=InCommon)
    raw: Mapping[str, InCommon] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As kept in `.andon/`."""
        return {"code": self.code.to_json(), "raw": {source: files.to_json() for source, files in self.raw.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Base:
        """Inverse of `to_json`."""
        raw = {source: InCommon.from_json(files) for source, files in value["raw"].items()}
        return cls(InCommon.from_json(value["code"]), raw)
