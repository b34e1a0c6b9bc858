"""What a task reads, as views of Spark's session: tables over their files, and views over those, for as long as the task lasts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from andon.base.names import quote_name
from andon.base.record import replace
from andon.engines.engine import Embedded, Recipe, Types
from andon.engines.relation import Relation, TableRelation
from andon.engines.spark.connection import SparkConnection
from andon.engines.spark.places import SparkPlaces
from andon.engines.spark.sql import view_sql
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.types import schema_of
from andon.errors import DatasetError


class Columns:
    """The columns of a recipe's inputs and result, as the embedded engine tells them."""

    def __init__(self, embedded: Embedded, recipe: Recipe) -> None:
        self._embedded = embedded
        self._recipe = recipe
        self._known: dict[Relation, Types] = {}

    def of_result(self) -> Types:
        """Of the recipe's result."""
        with self._embedded(0) as sql:
            return sql.describe(self._recipe)

    def of_input(self, name: str, relation: Relation) -> Types:
        """Of something that is read under a name."""
        if relation not in self._known:
            recipe = replace(self._recipe, sql=f"from {quote_name(name)}", inputs={name: relation})
            with self._embedded(0) as sql:
                self._known[relation] = sql.describe(recipe)
        return self._known[relation]


class SparkViews:
    """The views of one task."""

    def __init__(self, connection: SparkConnection, places: SparkPlaces, columns: Columns, server: SparkServer) -> None:
        self._connection = connection
        self._places = places
        self._columns = columns
        self._server = server
        self._made: dict[Relation, str] = {}

    def names(self, inputs: Mapping[str, Relation]) -> dict[str, str]:
        """How views over inputs will be called, by dataset: names that no other task has."""
        return {name: f"andon_{secrets.token_hex(8)}" for name in inputs}

    def make(self, recipe: Recipe, names: Mapping[str, str]) -> None:
        """Make the views over a recipe's inputs.

        Raises:
            DatasetError: `build.not_supported` for a view that Spark can't read so that it gives the same.
        """
        for dataset, relation in recipe.inputs.items():
            self._make(recipe, dataset, relation, names[dataset])

    def forget(self) -> None:
        """Take them away."""
        for name in self._made.values():
            self._connection.forget(name)
        self._made = {}

    def _make(self, recipe: Recipe, dataset: str, relation: Relation, name: str) -> None:
        types = self._columns.of_input(dataset, relation)
        if isinstance(relation, TableRelation):
            files = [self._places.seen(file) for file in relation.files]
            self._connection.view(name, files, schema_of(types))
            self._made[relation] = name
            return
        below: dict[str, str] = {}
        for inner, read in relation.inputs.items():
            known = self._made.get(read)
            if known is None:
                known = f"andon_{secrets.token_hex(8)}"
                self._make(recipe, inner, read, known)
            below[inner] = known
        inputs = {inner: self._columns.of_input(inner, read) for inner, read in relation.inputs.items()}
        try:
            text = view_sql(relation.sql, relation.macros, inputs, types, below, self._server)
        except NotTranslated as error:
            raise DatasetError(
                "build.not_supported",
                f"Spark is to build `{recipe.dataset}`, which reads the view `{dataset}`, and this of it is not known to mean the same"
                f" there: {error.construct}",
                where=recipe.definition.entry,
                hint=f"`materialize: table` for `{dataset}`",
            ) from error
        self._connection.over(name, text)
        self._made[relation] = name
