"""Projects whose tables Spark builds: their settings, and what a run says of these tables."""

from __future__ import annotations

from typing import Any

from andon.model.run import RunResult
from kit.clones import Clone, closing
from kit.connect import endpoint, server


def spark_settings(url: str | None = None, *more: str, patience: str = "5s") -> str:
    """The text of an `andon.toml` that names an endpoint, that of all tests where none is given; `more` lines follow."""
    own = [f'url = "{url or endpoint()}"', f'server = "{server()}"', f'patience = "{patience}"']
    return "\n".join(["[engines.spark]", *own, *more, ""])


def engine_of(clone: Clone, dataset: str = "marts.totals") -> dict[str, Any]:
    """What the build of a published dataset says of the engine."""
    with closing(clone.open()) as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves[dataset]
        return dict(lake.objects.builds([leaf.build])[leaf.build].engine)


def failure(result: RunResult, dataset: str = "marts.totals") -> Any:
    """The error of a dataset's task; None where it did not fail."""
    return next(task.error for task in result.tasks if task.dataset == dataset)
