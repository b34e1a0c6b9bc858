"""Which datasets Spark builds, and why. Pure and light."""

from __future__ import annotations

from andon.base.record import Record
from andon.base.text import size as shown_size
from andon.model.dataset import Definition, Kind, Materialize

#: From how many bytes on Spark is asked about what it built, where the settings set no size: that much DuckDB reads in seconds.
_ANSWERS_ABOVE = 256_000_000


class SparkChoice(Record):
    """What the settings say of it.

    Attributes:
        schemas: whose tables it builds, where their files say nothing else.
        above: from how many bytes of input on it builds any table; 0: size does not matter.
    """

    schemas: frozenset[str] = frozenset()
    above: int = 0

    @property
    def answers_above(self) -> int:
        """From how many bytes on that are read it is asked about a dataset that it builds: those from which on it builds any table."""
        return self.above or _ANSWERS_ABOVE

    def reason(self, definition: Definition, size: int) -> str | None:
        """Why Spark builds a dataset over `size` bytes of input; None: it does not."""
        if definition.engine == "spark":
            return "as its file says"
        is_plain = definition.kind is Kind.SQL and definition.materialize is Materialize.TABLE and definition.inputs
        if definition.engine or not is_plain:
            return None
        if definition.dataset.partition(".")[0] in self.schemas:
            return "as all of its schema"
        if self.is_by_size(definition, size):
            return f"over {shown_size(size)} of inputs"
        return None

    def is_by_size(self, definition: Definition, size: int) -> bool:
        """Whether only the size of its inputs leads a dataset to Spark: then what can't be translated stays with the embedded engine."""
        named = definition.engine or definition.dataset.partition(".")[0] in self.schemas
        return not named and 0 < self.above < size
