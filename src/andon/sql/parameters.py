"""The parameters of a text with values of their types in their place, so that it can be bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.sql.tokens import tokens


def without_parameters(sql: str, types: Mapping[str, str | None]) -> tuple[str, Callable[[int], int]]:
    """`sql` with NULLs for its `$parameters`.

    Args:
        types: the engine's type of each parameter, where one is said.

    Returns:
        The text, and what gives the place in `sql` of a character of the text.
    """
    parts: list[str] = []
    moves: list[tuple[int, int]] = []  # where a place of the new text begins, and how far it moved
    at, length = 0, 0
    mark = None
    for token in tokens(sql):
        if mark is not None and token.kind == "word" and token.start == mark + 1:
            kind = types.get(token.text)
            value = f"cast(null as {kind})" if kind is not None else "null"
            parts += [sql[at:mark], value]
            moves.append((length + mark - at, length - at))
            length += mark - at + len(value)
            at = token.end
            moves.append((length, length - at))
        mark = token.start if token.kind == "mark" and token.text == "$" else None
    parts.append(sql[at:])

    def back(place: int) -> int:
        moved = 0
        for start, by in moves:
            if place < start:
                break
            moved = by
        return min(max(place - moved, 0), len(sql))

    return "".join(parts), back
