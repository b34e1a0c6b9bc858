"""Lists of questions on a terminal."""

from __future__ import annotations

import pytest

from andon.base.record import replace
from andon.cli.output import Console
from andon.cli.text.dataset_questions import question_lines
from andon.model.dataset_question import DatasetQuestion, QuestionState
from andon.service.question_places import QuestionInfo

ASKED = DatasetQuestion(
    1, "s.d", None, None, 0, "Is tax in it?", "ana", "2026-11-01T09:00:00Z", None, QuestionState.OPEN, None, None, []
)
INFO = QuestionInfo(ASKED, "s.d", None, None, None, 0.0)


@pytest.mark.parametrize(("waited", "told"), [(0.42, "0.42 s"), (45.0 * 60, "45 min"), (3 * 86_400.0, "3 days")])
def test_a_wait_is_told_as_for_requests(waited: float, told: str) -> None:
    lines = question_lines([replace(INFO, waited_seconds=waited)], Console(color=False))
    assert lines[-1].rstrip().endswith(told)
