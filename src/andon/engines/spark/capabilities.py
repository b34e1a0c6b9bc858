"""What Spark can do, known without loading its client."""

from __future__ import annotations

from importlib.util import find_spec

from andon.base.record import replace
from andon.engines.engine import Capabilities
from andon.engines.spark.settings import SparkSettings
from andon.model.dataset import Kind

NAME = "spark"
#: The extra that brings the client.
EXTRA = "andon[spark]"
#: What it reads and writes in place of a file's types that it lacks: nothing.
UNREADABLE = frozenset({"TIME", "UUID"})

CAPABILITIES = Capabilities(
    name=NAME,
    kinds=frozenset({Kind.SQL, Kind.PYTHON}),
    views=False,
    unstored=UNREADABLE,
    repeats=False,
)


def capabilities_of(settings: SparkSettings) -> Capabilities:
    """The capabilities, with what is missing to use them at all."""
    if not settings.url:
        message = "no Spark is set, and the dataset is to be built by it"
        hint = 'write `[engines.spark]` and below it `url = "sc://host:15002"` into `andon.toml`, or take `engine: spark` out'
        return replace(CAPABILITIES, unusable=("engine.not_set", message, hint))
    if not has_client():
        return replace(CAPABILITIES, unusable=("machine.missing", *without_client()))
    return CAPABILITIES


def has_client() -> bool:
    """Whether the client of Spark Connect and the translator are installed; nothing is loaded."""
    return find_spec("pyspark") is not None and find_spec("sqlglot") is not None


def without_client() -> tuple[str, str]:
    """Message and hint where the client is missing."""
    return "Spark needs the package `pyspark-client`, which is not installed", f"`pip install '{EXTRA}'`"
