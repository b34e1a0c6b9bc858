"""Andon: DataOps for small data teams.

    import andon

    lake = andon.open("acme")
    lake.sql("select * from marts.revenue_by_month").df()

Names are loaded when first used, so that `import andon` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from andon.version import __version__

if TYPE_CHECKING:
    from andon.errors import AndonError
    from andon.python.by_hand import keep, parameter
    from andon.python.lake import Lake, open
    from andon.python.marks import dataset, logical_time, read, seed, source
    from andon.python.remote import RemoteLake, connect
    from andon.python.reproducing import restore
    from andon.python.result import Result, TrustWarning


__all__ = [
    "AndonError",
    "Lake",
    "RemoteLake",
    "Result",
    "TrustWarning",
    "__version__",
    "connect",
    "dataset",
    "keep",
    "logical_time",
    "open",
    "parameter",
    "read",
    "restore",
    "seed",
    "source",
]

_HOMES = {
    "AndonError": "andon.errors",
    "Lake": "andon.python.lake",
    "RemoteLake": "andon.python.remote",
    "Result": "andon.python.result",
    "TrustWarning": "andon.python.result",
    "connect": "andon.python.remote",
    "dataset": "andon.python.marks",
    "logical_time": "andon.python.marks",
    "keep": "andon.python.by_hand",
    "open": "andon.python.lake",
    "parameter": "andon.python.by_hand",
    "read": "andon.python.marks",
    "restore": "andon.python.reproducing",
    "seed": "andon.python.marks",
    "source": "andon.python.marks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'andon' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
