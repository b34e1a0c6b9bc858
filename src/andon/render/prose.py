"""Text that people wrote into files, as paragraphs: a file breaks its lines where it likes. Pure."""

from __future__ import annotations

import re

#: Lines that stay lines: parts of lists, tables and quotations, and what is set in.
_OWN = re.compile(r"\s|[-*+>|#] |[>|]|\d+[.)] ")


def paragraphs(text: str) -> list[str]:
    """Its paragraphs, each with the lines that are lines for a reader, too; what was only broken to fit a file is one line."""
    found: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines: list[str] = []
        for line in block.splitlines():
            if lines and not _OWN.match(line):
                lines[-1] = f"{lines[-1].rstrip()} {line}"
            else:
                lines.append(line.rstrip())
        if any(lines):
            found.append("\n".join(lines))
    return found
