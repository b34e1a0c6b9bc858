"""Text that may come from anywhere (data, names, messages, authors, errors) made fit to be shown: what would steer the terminal or turn
the direction of writing is shown as an escape. Pure.

Documents for machines (`--json`, CSV, files) are data and stay as they are.
"""

from __future__ import annotations

import re

#: Controls of terminals (C0, DEL, C1), of direction (marks, embeddings, overrides, isolates), of lines, tags, halves of characters.
#: A text, compiled when it is first needed: that takes longer than all that most commands show.
_STEERING = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
#: A line break inside of what is one line.
LINE_BREAK = "⏎"


def visible(text: str) -> str:
    """`text` as one line that a terminal shows and does not obey: `⏎` for line breaks, `\\x1b` and the like for what else steers it.
    Tabs stay."""
    if text.isprintable():
        return text
    return re.sub(_STEERING, _shown, text.replace("\r\n", LINE_BREAK).replace("\n", LINE_BREAK))


def visible_lines(text: str) -> list[str]:
    """The lines of a text that may have several, each as `visible`."""
    return [visible(line.removesuffix("\r")) for line in text.split("\n")]


def _shown(match: re.Match[str]) -> str:
    found = match[0]
    return found if found == "\t" else found.encode("unicode_escape", "backslashreplace").decode("ascii")
