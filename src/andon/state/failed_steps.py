"""What runs failed on: the definition of a step, and what it was about to be made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from andon.base.database import Database
from andon.base.record import Record, field
from andon.model.build import InputFile

#: The table, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table failed_step (run bigint not null, dataset text not null, definition text not null, inputs text not null,"
    " files text not null, contract text, primary key (run, dataset))",
)


class FailedStep(Record):
    """A step that failed.

    Attributes:
        definition: its id.
        inputs: versions by dataset.
        files, contract: of a source: the raw files, and how they are read.
    """

    run: int
    dataset: str
    definition: str
    inputs: dict[str, str] = field(default_factory=dict)
    files: tuple[InputFile, ...] = ()
    contract: dict[str, Any] | None = None


class FailedSteps:
    """Writes and reads them; none is ever changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, steps: Sequence[FailedStep]) -> None:
        """Note what failed."""
        rows = [
            [
                *(each.run, each.dataset, each.definition, json.dumps(each.inputs)),
                json.dumps([[file.path, file.sha256, file.size] for file in each.files]),
                json.dumps(each.contract) if each.contract is not None else None,
            ]
            for each in steps
        ]
        with self._database.write() as transaction:
            transaction.execute_many(
                "insert into failed_step (run, dataset, definition, inputs, files, contract) values (?, ?, ?, ?, ?, ?)"
                " on conflict (run, dataset) do nothing",
                rows,
            )

    def find(self, run: int, dataset: str) -> FailedStep | None:
        """What a run failed on; None where that is not known."""
        rows = self._database.query(
            "select definition, inputs, files, contract from failed_step where run = ? and dataset = ?", [run, dataset]
        )
        if not rows:
            return None
        definition, inputs, files, contract = rows[0]
        return FailedStep(
            run,
            dataset,
            str(definition),
            {str(name): str(each) for name, each in json.loads(str(inputs)).items()},
            tuple(InputFile(str(path), str(sha), int(size)) for path, sha, size in json.loads(str(files))),
            json.loads(str(contract)) if contract is not None else None,
        )
