"""Checks of age where a run has nothing to do: just then data grow old. What asks them is loaded only where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.checks.language.mentions import is_age

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.runs.prepare import Prepared
    from andon.workspace.workspace import Workspace


def ages(workspace: Workspace, prepared: Prepared) -> tuple[CheckResult, ...]:
    """The checks of age, judged by the newest values that are known; nothing is held."""
    datasets = prepared.gathered.project.datasets
    old = [d for d, dataset in datasets.items() if any(is_age(line.text) for line in dataset.checks)]
    if not old:
        return ()
    from andon.model.check import MaxAge
    from andon.runs.inspection.ask import Checking
    from andon.runs.inspection.book import CheckBook
    from andon.runs.inspection.history import CheckHistory
    from andon.runs.inspection.questions import AskContext
    from andon.workspace.engines import Engines

    book = CheckBook(workspace, prepared.gathered, prepared.bound)
    setting = AskContext(
        published=prepared.gathered.state.leaves,
        definitions=prepared.gathered.definitions,
        moment=prepared.moment,
        acceptances=prepared.head.acceptances,
        releases=prepared.head.releases,
        only=lambda check: isinstance(check.form, MaxAge),
    )
    with Engines(workspace, None, prepared.moment) as engines:
        results = Checking(workspace, book, setting, engines, engines.interrupt, answers=engines.answers).of_state(
            prepared.gathered.state.leaves, old
        )
    return tuple(CheckHistory(workspace).with_history(results))
