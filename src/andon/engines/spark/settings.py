"""How Spark is reached, and what is left to it. Light: read whenever a plan is made."""

from __future__ import annotations

from andon.base.record import Record
from andon.engines.spark.translation.spark_sql import SparkServer


class SparkSettings(Record):
    """Settings of the engine.

    Attributes:
        url: of a Spark Connect endpoint (`sc://host:port`), with what is secret in it; empty: there is none.
        shown: the same for people.
        storage: under which URL the endpoint finds what this machine finds under `root`; empty: under the same path.
        root: the lake's storage, as the embedded engine names it.
        server: who answers there.
        patience: seconds for which a connection that is lost is looked for.
    """

    url: str
    shown: str
    storage: str = ""
    root: str = ""
    server: SparkServer = SparkServer.APACHE
    patience: float = 60.0
