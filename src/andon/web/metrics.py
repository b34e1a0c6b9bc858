"""What the server counts, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Counts calls and queries.

    Args:
        running: how many calls are in progress.
    """

    def __init__(self, running: Callable[[], int]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._calls = Counter(
            "andon_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "andon_http_seconds",
            "Seconds until a request was answered.",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
            registry=self._registry,
        )
        self._queries = Counter("andon_queries", "Queries answered.", ["outcome"], registry=self._registry)
        self._rows = Counter("andon_query_rows", "Rows that queries gave.", registry=self._registry)
        Gauge("andon_calls_running", "Changes in progress.", registry=self._registry).set_function(running)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the pattern, not the address."""
        known = method if method in _METHODS else "other"  # anybody may make up words, and each would be kept
        self._calls.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def queried(self, outcome: str, rows: int = 0) -> None:
        """A query ended: `done`, or the code of its error."""
        self._queries.labels(outcome).inc()
        self._rows.inc(rows)

    def text(self) -> bytes:
        """All figures."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)
