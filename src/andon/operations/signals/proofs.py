"""Signals of what is proved at night: past versions that are not repeated, and what is damaged of the lake. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.record import Record
from andon.base.text import plural
from andon.model.lamp import Lamp
from andon.model.reproduction import OpenConstruct
from andon.model.reproduction_sample import MissedVersion
from andon.model.signal import Signal, SignalKind
from andon.model.verification import DamagedPart

#: Digits of a commit by which it is named.
_SHORT = 8
#: So many commits or parts are named in what a signal holds.
_NAMED = 20


class _Cause(Record):
    """Why versions are not repeated: the key by which it is one cause, and in words."""

    key: str
    said: str


def unrepeated(branch: str, missed: Sequence[MissedVersion], at: str) -> list[Signal]:
    """For each dataset and cause one signal, however many of its versions are not repeated because of it.

    Args:
        missed: oldest first.
    """
    found: dict[tuple[str, str], list[MissedVersion]] = {}
    for each in missed:
        found.setdefault((each.noted.dataset, _cause(each).key), []).append(each)
    return [_of_versions(branch, own, at) for own in found.values()]


def _of_versions(branch: str, missed: Sequence[MissedVersion], at: str) -> Signal:
    last, cause = missed[-1], _cause(missed[-1])
    dataset, commit = last.noted.dataset, last.why.commit[:_SHORT]
    what = "can't be built again" if last.noted.verdict is None else "does not come out the same"
    many = f" (nor do {plural(len(missed) - 1, 'other version', 'other versions')})" if len(missed) > 1 else ""
    first = last.why.causes[0] if last.why.causes else None
    return Signal(
        branch,
        dataset,
        SignalKind.REPEAT,
        cause.key,
        Lamp.WARN,
        f"its version at {commit} {what}{many}: {cause.said}; `andon reproduce {dataset}@{commit}` tells how",
        at,
        details={
            "commits": [each.why.commit for each in missed[-_NAMED:]],
            "code": last.noted.code,
            "cause": first.what if first is not None else None,
            "file": first.file if first is not None else None,
            "line": first.line if first is not None else None,
            "exact": first.exact if first is not None else None,
        },
    )


def _cause(missed: MissedVersion) -> _Cause:
    """The likeliest cause; of what can't be built the error's code."""
    if missed.noted.verdict is None:
        return _Cause(f"code {missed.noted.code}", f"error `{missed.noted.code}`")
    if not missed.why.causes:
        return _Cause("unknown", f"{missed.noted.how}, and nothing that is known makes it so")
    first = missed.why.causes[0]
    return _Cause(f"{first.what} {first.file or ''}".strip(), _said(first))


def _said(cause: OpenConstruct) -> str:
    if cause.file is None:
        exact = f" ({cause.exact} brings it back)" if cause.exact is not None else ""
        return f"{cause.what}: {cause.why}{exact}"
    place = cause.file if cause.line is None else f"{cause.file}:{cause.line}"
    exact = f", `{cause.exact}` is exact" if cause.exact is not None else ""
    return f"`{cause.what}` in {place}{exact}"


def damaged_lake(branch: str, damaged: Sequence[DamagedPart], at: str) -> list[Signal]:
    """For each dataset whose files are damaged one signal, and one for all that is damaged of the catalog."""
    found: dict[str, list[DamagedPart]] = {}
    for part in damaged:
        found.setdefault(part.dataset or "", []).append(part)
    return [_of_parts(branch, dataset, parts, at) for dataset, parts in sorted(found.items())]


def _of_parts(branch: str, dataset: str, parts: Sequence[DamagedPart], at: str) -> Signal:
    is_files = all(part.kind.endswith("file") for part in parts)
    if is_files:
        what = (
            f"{plural(len(parts), 'file')} of it {_is(parts)} not as written; `andon repair` builds again what it can"
        )
    else:
        what = f"{plural(len(parts), 'object')} of the catalog {_is(parts)} not as written; `andon restore` puts a backup back"
    return Signal(
        branch,
        dataset,
        SignalKind.DAMAGE,
        "files" if is_files else "catalog",
        Lamp.FAIL,
        what,
        at,
        details={"damaged": [part.name for part in parts[:_NAMED]]},
    )


def _is(parts: Sequence[DamagedPart]) -> str:
    return "is" if len(parts) == 1 else "are"
