"""A copy of a lake in another folder: what stands in it, what was copied, and what came of putting one back."""

from __future__ import annotations

from andon.base.document import Document
from andon.base.record import Record
from andon.model.verification import DamagedPart


class BackedFile(Record, array_like=True):
    """A file of a lake's storage as a backup has it: by its content.

    Attributes:
        path: where it lies in the storage.
        mode: its permissions.
    """

    path: str
    size: int
    sha256: str
    mode: int


class BackedCatalog(Record):
    """A copy of a catalog, cut into pieces that are kept by content: of two copies the pieces that are equal are kept once.

    Attributes:
        pieces: sha256 of each, in order.
        mode: permissions of the catalog.
    """

    size: int
    sha256: str
    pieces: tuple[str, ...]
    mode: int


class BackupManifest(Document):
    """All that a backup holds, with the hashes of it: written last, so that a backup is there whole or not at all.

    Attributes:
        format: of what is written.
        lake: the lake's id.
        at: when the catalog was copied: what was published until then is in it.
        by: who made it.
        andon: the version of Andon that did.
        branch, commit: the default branch, and its newest commit.
        damaged: what of the lake was damaged, and is not in it.
    """

    format: int
    lake: str
    at: str
    by: str
    andon: str
    branch: str
    commit: str
    catalog: BackedCatalog
    files: tuple[BackedFile, ...]
    damaged: tuple[DamagedPart, ...]


class Backup(Document):
    """A backup that is in a folder.

    Attributes:
        id: by what it is named.
        at: the moment whose lake it is.
        by: who made it.
        branch, commit: the default branch, and its newest commit.
        files: data files and kept raw files.
        bytes: of files and catalog.
        whole: whether nothing of the lake was damaged.
    """

    id: str
    at: str
    by: str
    branch: str
    commit: str
    files: int
    bytes: int
    whole: bool


class BackupList(Document):
    """The backups in a folder.

    Attributes:
        backups: the newest first.
        damaged: names of those that are not what was written.
    """

    folder: str
    backups: list[Backup]
    damaged: list[str]


class BackupMade(Document):
    """What a backup copied.

    Attributes:
        copied_files, copied_bytes: what the folder did not hold yet, the catalog's pieces with it.
        damaged: what of the lake is damaged, and so not in it.
    """

    folder: str
    backup: Backup
    copied_files: int
    copied_bytes: int
    seconds: float
    damaged: list[DamagedPart]


class LakeRestored(Document):
    """A lake that was put back.

    Attributes:
        folder: the project's.
        storage, catalog: where its files and its catalog lie now.
        backup: what it is as of.
        files, bytes: of its storage.
        written: code files of the newest commit that were written into the folder; none into one that has its own.
        raw: the same of its raw files that lie in the project.
        revoked: how many tokens are good no more.
        lacking: names of what the backup lacks of it: files and objects.
    """

    folder: str
    storage: str
    catalog: str
    backup: Backup
    files: int
    bytes: int
    written: list[str]
    raw: list[str]
    revoked: int
    seconds: float
    lacking: list[str]
