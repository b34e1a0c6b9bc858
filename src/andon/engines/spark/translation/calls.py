"""A call of a function, as the rules of the allow-list see it."""

from __future__ import annotations

from datetime import datetime

from andon.base.record import Record
from andon.engines.spark.translation.interval import Interval
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.types import spark_type
from andon.engines.spark.translation.values import SparkValue
from andon.model.types import DuckType


class FunctionCall(Record):
    """A call of a function.

    Attributes:
        name: as DuckDB calls it.
        arguments: in order, without an interval that is written out.
        type: of what it gives.
        server: who will answer.
        notes: where what people should know is put.
        moment: the logical time, if one is known.
        interval: the one that is written out among its arguments.
    """

    name: str
    arguments: tuple[SparkValue, ...]
    type: DuckType
    server: SparkServer
    notes: set[str]
    moment: datetime | None = None
    interval: Interval | None = None

    @property
    def of(self) -> str:
        """The type of what it gives, as Spark writes it."""
        return spark_type(self.type)

    @property
    def texts(self) -> tuple[str, ...]:
        """The arguments as they are said."""
        return tuple(argument.text for argument in self.arguments)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the arguments' types."""
        return tuple(argument.type.name for argument in self.arguments)

    def refused(self, form: str) -> NotTranslated:
        """The error that says what to write instead, over these types."""
        shown = ", ".join(argument.type.text for argument in self.arguments)
        return NotTranslated(f"`{self.name}({shown})`", form)

    def written(self, place: int, least: int | None = None) -> int:
        """The whole number that is written out at a place.

        Raises:
            NotTranslated: there is none, or it is below `least`.
        """
        given = self.arguments[place]
        number = given.constant
        if not given.is_constant or not isinstance(number, int) or isinstance(number, bool):
            raise self.refused(f"write argument {place + 1} out as a number")
        if least is not None and number < least:
            raise self.refused(f"argument {place + 1} must be at least {least}")
        return number

    def words(self, place: int) -> str:
        """The text that is written out at a place.

        Raises:
            NotTranslated: there is none.
        """
        given = self.arguments[place]
        if not given.is_constant or not isinstance(given.constant, str):
            raise self.refused(f"write argument {place + 1} out as a text")
        return given.constant
