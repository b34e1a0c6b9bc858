"""Checks for what is not loaded yet: suggested from a sample of its rows, and tried on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from datetime import datetime

from andon.checks.compile.plans import Catalog
from andon.checks.execute.question import Target
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.types import lake_type
from andon.model.proposed_line import ProposedLine
from andon.model.version import Column, DataFile, Version
from andon.profiles.make import profile_table
from andon.proposals.facts import Subject
from andon.proposals.propose import candidates, finish
from andon.proposals.trial import Place, try_all
from andon.sql.bind import Binder


def of_sample(
    path: str,
    dataset: str,
    columns: Sequence[tuple[str, str]],
    rows: int,
    *,
    key: Sequence[str],
    masked: Collection[str],
    moment: datetime,
) -> list[ProposedLine]:
    """Lines that hold in all rows of a Parquet file; those that may be of a source, without what its past and its neighbours tell.

    Args:
        path: the file, which holds `rows` rows of `columns` (names and types).
        key: what its database says tells rows apart.
        masked: columns of which no value may be shown, in lower case.
        moment: when it was read.
    """
    stored = tuple(Column(name, lake_type(kind), place) for place, (name, kind) in enumerate(columns, 1))
    version = Version("sample", dataset, stored, (DataFile("sample", 0, "", rows),))
    with closing(open_instance(Purpose.READING)) as instance, closing(Binder()) as binder:
        connection = instance.session().at("memory")
        subject = Subject(
            dataset=dataset,
            columns=tuple(version.types),
            profile=profile_table(connection, version, [path], masked),
            key=tuple(key),
            masked=frozenset(masked),
            is_source=True,
            moment=moment,
        )
        catalog = Catalog(columns={dataset: version.types}, keys={dataset: subject.key}, patterns={})
        own = Target(f"read_parquet({file_list([path])})", version.types)
        tried = try_all(subject, candidates(subject), catalog, binder, Place(own, {}, None, connection, moment), ())
        return finish(dataset, tried)
