"""Loads of HTTP APIs: pages fetched and kept, their records read strictly, and what is new put to what was there."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from andon.base.record import Record, replace
from andon.engines.engine import (
    Capabilities,
    Engine,
    EngineSettings,
    LoadFacts,
    Produced,
    Recipe,
    Task,
    stopped,
)
from andon.engines.over_sql import OverSql
from andon.model.build import EXTRACT, InputFile
from andon.model.dataset import Kind
from andon.model.rest import Rest
from andon.sources.apis.client import Client
from andon.sources.apis.pages import pages
from andon.sources.apis.reading import RecordReading
from andon.sources.growing import Arrived, put_together

CAPABILITIES = Capabilities("http", frozenset({Kind.SOURCE}), macros=False, views=False, repeats=False)

#: Of so many records it is remembered whether they came before, without a key.
_REMEMBERED = 2_000_000


class ApiEngine(OverSql):
    """Builds sources of `kind: rest` (see `Engine`).

    Args:
        sql: reads the records and writes the result; it is closed by who made it.
        resolve: gives what a text with references stands for: (text, what it is, where it stands).
    """

    can = CAPABILITIES
    unknown = "what an API returns is known when it was asked"

    def __init__(self, sql: Engine, settings: EngineSettings, resolve: Callable[[str, str, str], str]) -> None:
        super().__init__(sql)
        self._settings = settings
        self._resolve = resolve
        self._clients: set[Client] = set()
        self._lock = threading.Lock()

    def run(self, task: Task) -> Produced:
        """See `Engine`.

        Raises:
            DatasetError: also `source.unreachable`, `source.bad_answer`, `source.incomplete`, `source.contract` and its kin.
        """
        work = self._settings.temporary.path / f"records-{secrets.token_hex(6)}"
        work.mkdir(parents=True)
        try:
            return self._loaded(task, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def interrupt(self) -> None:
        """See `Engine`."""
        super().interrupt()
        with self._lock:
            for client in self._clients:
                client.close()

    def _loaded(self, task: Task, work: Path) -> Produced:
        recipe, definition = task.recipe, task.recipe.definition
        rest = definition.rest or Rest("")
        state = dict(recipe.state or {})
        since = state.get("cursor")
        fetched = self._fetched(recipe, rest, since or (rest.since.start if rest.since else None), work)
        reading = RecordReading(definition, fetched.records, fetched.count, recipe.contract)
        if rest.since is not None:
            greatest = reading.greatest(rest.since.field, since)
            state = {"cursor": greatest} if greatest is not None else {}
        arrived = Arrived(reading.sql, fetched.count, definition.key, rest.since.field if rest.since else None)
        produced, adds, notes = put_together(
            self._sql, replace(task, recipe=replace(recipe, explain=reading.explained)), arrived, work
        )
        extract = {"kind": "rest", "host": rest.host, "path": definition.entry}
        contract = {**reading.contract, EXTRACT: {**extract, **({"state": state} if state else {})}}
        loaded = LoadFacts(contract, fetched.files, (*fetched.notes, *notes), adds)
        return replace(produced, loaded=loaded, facts={**produced.facts, "requests": fetched.requests})

    def _fetched(self, recipe: Recipe, rest: Rest, since: str | None, work: Path) -> _Fetched:
        """All pages, each in a file, and their records in another one."""
        entry = recipe.definition.entry
        client = Client(rest, lambda text: self._resolve(text, f"`auth` in `{entry}`", entry), entry, self._stopped)
        with self._lock:
            if self._stopped.is_set():
                raise stopped(recipe.dataset)
            self._clients.add(client)
        kept = self._settings.temporary.path / f"pages-{secrets.token_hex(6)}"
        kept.mkdir()  # it goes with the run: who keeps them does so later
        found = _Fetched(work / "records.ndjson", requests=0)
        notes: list[str] = []
        again = 0
        seen: set[bytes] = set()
        files: dict[str, tuple[InputFile, Path]] = {}
        count = 0
        try:
            with found.records.open("wb") as writer:
                for number, page in enumerate(pages(rest, client.get, client.failures, since, notes), 1):
                    sha = hashlib.sha256(page.body).hexdigest()
                    place = kept / f"{number}"
                    place.write_bytes(page.body)
                    files.setdefault(sha, (InputFile(f"{entry} page {number}", sha, len(page.body)), place))
                    here = {hashlib.blake2b(record, digest_size=8).digest() for record in page.records}
                    if not recipe.definition.key and len(seen) < _REMEMBERED:
                        again += len(here & seen)
                        seen |= here
                    for record in page.records:
                        writer.write(record + b"\n")
                    count += len(page.records)
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()
        if again:
            notes.append(f"records that came on two pages: {again:,}; each counts, since there is no `key`")
        return replace(found, count=count, files=tuple(files.values()), notes=tuple(notes), requests=client.requests)


class _Fetched(Record):
    """What an API answered.

    Attributes:
        records: a file with one record on each line.
        files: pages by content, and where they lie now.
    """

    records: Path
    requests: int
    count: int = 0
    files: tuple[tuple[InputFile, Path], ...] = ()
    notes: tuple[str, ...] = ()
