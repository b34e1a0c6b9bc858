"""`lake.contracts`: contracts of other tools, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.document import from_json
from andon.base.files import machine_error
from andon.errors import UsageError
from andon.python.server_link import ServerLink
from andon.service.contracts import ContractDocument, ContractImport

if TYPE_CHECKING:
    from andon.service.service import Service


class LakeContracts:
    """Contracts of other tools: what is published written as such, files of theirs read into the files of datasets."""

    def __init__(self, service: Service, ref: str | None) -> None:
        self._service = service
        self._ref = ref

    def export(self, *select: str) -> Sequence[ContractDocument]:
        """Published datasets as documents of the Open Data Contract Standard; all without a selection."""
        return self._service.contracts.export(select, self._ref)

    def import_file(self, path: str | Path, name: str | None = None, *, apply: bool = False) -> ContractImport:
        """What a contract, or a property file of dbt, adds to the project's files: shown, or written with `apply`.

        Args:
            name: what its datasets are called here: a schema, or one whole name.

        Raises:
            ProjectError: all that is wrong with the file, each with its place.
            UsageError: `usage.bad_argument` for a file of another kind.
        """
        return self._service.contracts.bring(text_of(path), str(path), name, apply=apply)


class RemoteContracts:
    """Contracts of other tools, of a lake that a server has."""

    def __init__(self, link: ServerLink, ref: str | None) -> None:
        self._link = link
        self._ref = ref

    def export(self, *select: str) -> Sequence[ContractDocument]:
        """Published datasets as documents of the Open Data Contract Standard; all without a selection."""
        return from_json(list[ContractDocument], self._link.get("/contracts", select=list(select), at=self._ref))

    def import_file(self, path: str | Path, name: str | None = None, *, apply: bool = False) -> ContractImport:
        """What a file adds to the files of the server's folder; arguments as in `Lake.contracts.import_file`."""
        body = {"file": str(path), "text": text_of(path), "name": name, "apply": apply}
        return from_json(ContractImport, self._link.post("/contracts/imports", body))


def text_of(path: str | Path, said: str | Path | None = None) -> str:
    """The text of a file on this machine, which messages call `said`.

    Raises:
        UsageError: `usage.bad_argument` where there is none, or it is no text.
    """
    shown = str(said or path)
    try:
        return Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    except OSError as error:
        if isinstance(error, FileNotFoundError | IsADirectoryError):
            raise UsageError(
                "usage.bad_argument",
                f"there is no file `{shown}`",
                where=shown,
                hint="name it by its path from the folder that you are in",
            ) from error
        raise machine_error(error, f"reading {shown}") from error
    except UnicodeDecodeError as error:
        raise UsageError("usage.bad_argument", "the file is not UTF-8 text", where=shown) from error
