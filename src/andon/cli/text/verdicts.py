"""How verdicts look."""

from __future__ import annotations

from andon.model.verdict import VerdictKind

STYLES = {
    VerdictKind.NONE: "good",
    VerdictKind.ADDITIVE: "good",
    VerdictKind.COLUMNS: "accent",
    VerdictKind.ROWS: "warn",
    VerdictKind.CONTRACT: "bad",
}
