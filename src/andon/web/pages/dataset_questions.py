"""Questions about a dataset, as its page shows them: in its part of them, and at the columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.model.dataset_question import QuestionState
from andon.render.dataset_questions import QUESTION_STATES, gone_words
from andon.web.pages.changes import problem, typed
from andon.web.pages.page import PageCall

if TYPE_CHECKING:
    from andon.service.question_places import QuestionInfo

#: Forms about questions begin calls of such verbs.
_VERB = "POST /questions"


def questions_shown(call: PageCall, questions: Sequence[QuestionInfo]) -> Mapping[str, Any]:
    """What the templates are given of the questions about a dataset."""
    asked_of: dict[str, list[QuestionInfo]] = defaultdict(list)
    for each in questions:
        if each.column is not None and each.gone is None:
            asked_of[each.column].append(each)
    is_ours = call.done is not None and call.done.verb.startswith(_VERB)
    call = call if is_ours else replace(call, done=None)
    return {
        "questions": questions,
        "open_questions": sum(each.question.state is QuestionState.OPEN for each in questions),
        "asked_of": asked_of,
        "question_states": QUESTION_STATES,
        "gone_words": gone_words,
        "problem": problem(call),
        "typed": typed(call),
        "replied": call.query.question,
        "asked_column": call.query.column,
        "me": call.asking.person.name,
        "is_read_only": call.service.workspace.lake.database.is_read_only,
    }
