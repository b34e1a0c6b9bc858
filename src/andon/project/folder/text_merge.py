"""Three-way merge of texts by lines, with the usual markers where both sides changed the same lines. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

_SPLIT = b"=======\n"


def merge_texts(
    base: bytes, ours: bytes, theirs: bytes, names: tuple[str, str] = ("this folder", "the branch")
) -> tuple[bytes, bool]:
    """Merge `ours` and `theirs`, which both came from `base`.

    Args:
        names: what both are called where they can't be put together.

    Returns:
        The merged text, and whether no place is left to decide.
    """
    a, o, t = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    out: list[bytes] = []
    clean = True
    at_base = at_ours = at_theirs = 0
    for base_line, ours_line, theirs_line, length in [*_anchors(a, o, t), (len(a), len(o), len(t), 0)]:
        was, mine, other = a[at_base:base_line], o[at_ours:ours_line], t[at_theirs:theirs_line]
        if mine == other or other == was:
            out += mine
        elif mine == was:
            out += other
        else:
            clean = False
            first, last = f"<<<<<<< {names[0]}\n".encode(), f">>>>>>> {names[1]}\n".encode()
            out += [first, *_ended(mine), _SPLIT, *_ended(other), last]
        out += a[base_line : base_line + length]
        at_base, at_ours, at_theirs = base_line + length, ours_line + length, theirs_line + length
    return b"".join(out), clean


def _anchors(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> list[tuple[int, int, int, int]]:
    """Runs of lines that all three have in common: `(line in base, in ours, in theirs, how many)`."""
    in_ours = _matches(base, ours)
    in_theirs = _matches(base, theirs)
    anchors: list[tuple[int, int, int, int]] = []
    for line in range(len(base)):
        if line in in_ours and line in in_theirs:
            here = (line, in_ours[line], in_theirs[line])
            if anchors and tuple(start + anchors[-1][3] for start in anchors[-1][:3]) == here:
                anchors[-1] = (*anchors[-1][:3], anchors[-1][3] + 1)
            else:
                anchors.append((*here, 1))
    return anchors


def _matches(left: list[bytes], right: list[bytes]) -> dict[int, int]:
    found: dict[int, int] = {}
    for a, b, size in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        found.update({a + i: b + i for i in range(size)})
    return found


def _ended(lines: list[bytes]) -> list[bytes]:
    """Lines of which the last has a line end, so that a marker stands on a line of its own."""
    return lines if not lines or lines[-1].endswith(b"\n") else [*lines[:-1], lines[-1] + b"\n"]
