"""Spark as the settings of a workspace want it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from andon.base.duration import read_seconds
from andon.errors import UsageError

if TYPE_CHECKING:
    from andon.engines.engine import EngineKind, Types
    from andon.engines.other import OtherEngine
    from andon.engines.spark.choice import SparkChoice
    from andon.engines.spark.settings import SparkSettings
    from andon.engines.spark.staging import SharedStorage
    from andon.errors import Problem
    from andon.model.dataset import Definition
    from andon.settings.resolve import Settings


def by_settings(
    settings: Settings, root: Callable[[], str], storage: Callable[[], SharedStorage | None]
) -> OtherEngine:
    """Which datasets Spark builds, by `[engines.spark]` and by what their files say; nothing is loaded before it is asked of one.

    Args:
        root: gives the lake's storage, as the embedded engine names it.
        storage: gives the storage itself, where it is no folder.
    """
    is_set = bool(settings.get("engines.spark.schemas")) or bool(settings.get("engines.spark.above"))

    def find(definition: Definition, size: int) -> EngineKind | None:
        if not definition.engine and not is_set:
            return None
        choice = spark_choice(settings)
        why = choice.reason(definition, size)
        return _kind(spark_settings(settings, root()), choice, why, storage) if why is not None else None

    return find


def spark_choice(settings: Settings) -> SparkChoice:
    """Which datasets are Spark's."""
    from andon.engines.spark.choice import SparkChoice

    named = str(settings.get("engines.spark.schemas")).replace(",", " ").split()
    return SparkChoice(frozenset(named), int(settings.get("engines.spark.above")))


def spark_settings(settings: Settings, root: str) -> SparkSettings:
    """How it is reached.

    Raises:
        UsageError: `usage.bad_argument` where a reference leads nowhere, or the address is none.
    """
    from andon.engines.spark.settings import SparkSettings
    from andon.engines.spark.translation.spark_sql import SparkServer

    url, token = str(settings.get("engines.spark.url")), str(settings.get("engines.spark.token"))
    if url and not url.startswith("sc://"):
        raise UsageError(
            "usage.bad_argument",
            f"`engines.spark.url` must be the address of a Spark Connect endpoint, found `{settings.shown('engines.spark.url')}`",
            where=settings.origin("engines.spark.url"),
            hint='such as `url = "sc://spark.example.com:15002"`; Databricks tells its own under `Spark Connect`',
        )
    shown = str(settings.shown("engines.spark.url")).split("/;")[0]
    if url and token:
        url = f"{url if '/;' in url else url.rstrip('/') + '/'};token={token}"
    return SparkSettings(
        url,
        shown,
        str(settings.get("engines.spark.storage")),
        root,
        SparkServer(str(settings.get("engines.spark.server"))),
        read_seconds(str(settings.get("engines.spark.patience"))),
    )


def _kind(
    settings: SparkSettings, choice: SparkChoice, why: str, storage: Callable[[], SharedStorage | None]
) -> EngineKind:
    from andon.engines.engine import Embedded, Engine, EngineKind, EngineSettings
    from andon.engines.spark.capabilities import capabilities_of

    def opened(_: EngineSettings, embedded: Embedded) -> Engine:
        from andon.engines.spark.engine import SparkEngine

        return SparkEngine(settings, embedded, choice, storage())

    def refused(definition: Definition, inputs: Mapping[str, Types], types: Types, built: str) -> Problem | None:
        from andon.engines.spark.sql import refusal

        return refusal(definition, inputs, types, settings.server, built)

    return EngineKind(capabilities_of(settings), opened, refused, why, choice.answers_above)
