"""What the rows of a dataset come to, be it a table or a view: equal texts are equal rows, whatever their order and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.engines.duckdb.failures import lost_file, query_error
from andon.engines.duckdb.fingerprint import ALGORITHM, hash_of_row
from andon.relations.relations import Relations

if TYPE_CHECKING:
    from andon.relations.pool import Readers

#: What a derived fact of this kind is called.
KIND = f"content:{ALGORITHM}"


def content_of(readers: Readers, relations: Relations, dataset: str, version: str) -> str:
    """The fingerprint of a version's rows. All of them are read.

    Raises:
        UsageError: `usage.query_failed` when a view fails.
        MachineError: `lake.corrupt` when a data file is gone.
    """
    known = relations.version(version)
    try:
        with readers.narrow.reading(version) as lease:
            lease.ensure([dataset], lambda _: relations.relation(version))
            rows = f"select {hash_of_row(known.columns)} as h from {lease.place(dataset)}"
            count, first, second = lease.connection.execute(
                f"select count(*), sum(h::hugeint), sum(hash(h, 1)::hugeint) from ({rows})"
            ).fetchall()[0]
    except Exception as error:
        problem = lost_file(error, dataset) or query_error(error, f"from {dataset}")
        problem.where = dataset
        raise problem from error
    schema = content_id([[column.name, column.type] for column in known.columns])[:12]
    return f"{ALGORITHM}:{schema}:{count}:{first}:{second}"
