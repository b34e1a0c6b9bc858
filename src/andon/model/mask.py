"""What stands in the place of a value that must not be shown."""

from __future__ import annotations

#: For a value of a column marked `pii` that is not NULL.
MASK = "•••"
