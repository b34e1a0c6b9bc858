"""How new a dataset promises to be: the mapping `refresh` of its file."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from andon.base.duration import read_duration
from andon.base.names import did_you_mean
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec

_KEYS = ("max_age", "every", "cron", "when", "upstream")
_CRON = re.compile(r"\s*\S+(?:\s+\S+){4}\s*\Z")


def _cron_flaw(text: str) -> str | None:
    if not _CRON.match(text):
        return "`refresh.cron` must have five fields"
    from cronsim import CronSim, CronSimError

    try:
        CronSim(text.strip(), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return f"`refresh.cron` names no times ({str(error).lower()})"
    return None


def read_refresh(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[tuple[str, str], ...] | None:
    """The value of `refresh`: each rule that can be read, with its text."""
    if node.kind != "map":
        reader.wrong(node, "`refresh` must be a mapping", f"found {node.shown()}", "write `refresh: {max_age: 6h}`")
        return None
    found: list[tuple[str, str]] = []
    for name, value in node.value.items():
        if name not in _KEYS:
            line, column = node.keys[name]
            hint = did_you_mean(name, _KEYS) or "known are " + ", ".join(f"`{k}`" for k in _KEYS)
            reader.add("project.unknown_key", f"there is no key `{name}` in `refresh`", line, column, hint)
            continue
        if name == "upstream":
            if value.kind != "flag":
                reader.wrong(value, "`refresh.upstream` must be true or false", f"found {value.shown()}")
                continue
            found.append((name, str(value.value).lower()))
            continue
        text = reader.text(f"refresh.{name}", value)
        if text is None:
            continue
        if name in ("max_age", "every") and read_duration(text) is None:
            reader.wrong(
                value,
                f"`refresh.{name}` must be a duration",
                f"found `{text}`",
                "such as `30 min`, `6h`, `2d`, `1w`, `3 mo`",
            )
            continue
        if name == "cron" and (flaw := _cron_flaw(text)) is not None:
            reader.wrong(value, flaw, f"found `{text}`", "such as `0 6 * * 1-5`; times are UTC")
            continue
        found.append((name, text))
    return tuple(found)
