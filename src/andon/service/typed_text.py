"""What people type for others to read, held to what can be kept and shown."""

from __future__ import annotations

from andon.base.text import is_plain
from andon.errors import UsageError


def require_text(said: str, name: str, longest: int, hint: str) -> str:
    """A text as it is kept.

    Args:
        name: what it is, for people.
        longest: so many characters it may have.

    Raises:
        UsageError: `usage.bad_argument` where it is empty, too long, or has a character that is no text.
    """
    wrong = None
    if not said:
        wrong = f"the {name} is empty"
    elif len(said) > longest:
        wrong = f"the {name} is longer than {longest:,} characters"
    elif not is_plain(said):
        wrong = f"the {name} has a character that is no text"
    if wrong is not None:
        raise UsageError("usage.bad_argument", wrong, where=name, hint=hint)
    return said
