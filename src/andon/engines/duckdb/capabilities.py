"""What DuckDB can do, known without loading it."""

from __future__ import annotations

from andon.base.record import replace
from andon.engines.engine import Capabilities
from andon.model.dataset import Kind

NARROW = Capabilities(name="duckdb", kinds=frozenset({Kind.SQL, Kind.SOURCE}))
#: With more than one thread even the row order of a filter doesn't repeat.
WIDE = replace(NARROW, repeats=False)
