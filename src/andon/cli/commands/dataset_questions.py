"""`andon questions`, `andon question …`: what people ask about datasets and columns, and what was answered."""

from __future__ import annotations

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import at_option, json_option
from andon.errors import EXIT_DONE
from andon.service.question_places import QuestionInfo

_answer = click.option("--answer", type=int, metavar="NUMBER", help="An answer to it, by its number.")


@click.command(cls=Command, examples=["andon questions", "andon questions marts.revenue_by_month --all --json"])
@click.argument("subject", required=False, metavar="[DATASET[.COLUMN]]")
@click.option("--all", "with_ended", is_flag=True, help="With those that are answered or withdrawn.")
@at_option
@json_option
@pass_app
def questions(app: App, subject: str | None, with_ended: bool, at: str | None) -> int:
    """What people ask about datasets and columns and nobody answered yet, the oldest first."""
    from andon.cli.text.dataset_questions import question_lines

    found = app.service.dataset_questions.list(subject, at, with_ended=with_ended)
    app.console.show(lambda: [to_json(each) for each in found], lambda: question_lines(found, app.console))
    return EXIT_DONE


@click.group(
    cls=Noun,
    examples=[
        'andon question ask marts.revenue_by_month.revenue "Is tax in it?"',
        'andon question answer 1 "No: it is net."',
    ],
)
def question() -> None:
    """One question about a dataset or a column: ask, answer, close, reopen, edit, withdraw, show."""


@question.command(
    "ask",
    cls=Command,
    examples=[
        'andon question ask marts.revenue_by_month "Which shops are in it?"',
        'andon question ask marts.revenue_by_month.revenue "Is tax in it?"',
    ],
)
@click.argument("subject", metavar="DATASET[.COLUMN]")
@click.argument("what", metavar="TEXT")
@at_option
@json_option
@pass_app
def ask(app: App, subject: str, what: str, at: str | None) -> int:
    """Ask about a dataset, or about a column of it. It stands on its page and on the board until somebody answers."""
    return _done(app, app.service.dataset_questions.ask(subject, what, at))


@question.command("show", cls=Command, examples=["andon question show 1"])
@click.argument("number", type=int)
@at_option
@json_option
@pass_app
def show(app: App, number: int, at: str | None) -> int:
    """A question with all that was said to it."""
    from andon.cli.text.dataset_questions import told_lines

    found = app.service.dataset_questions.show(number, at)
    app.console.show(found.to_json, lambda: told_lines(found, app.console))
    return EXIT_DONE


@question.command(
    "answer",
    cls=Command,
    examples=['andon question answer 1 "No: it is net."', 'andon question answer 1 "Which tax do you mean?" --open'],
)
@click.argument("number", type=int)
@click.argument("what", metavar="TEXT")
@click.option(
    "--open", "leaves_open", is_flag=True, help="It asks back, or adds something: the question stays as it is."
)
@json_option
@pass_app
def answer(app: App, number: int, what: str, leaves_open: bool) -> int:
    """Answer a question. Anybody may, the owner of the dataset before all; one that has an answer takes others, too."""
    return _done(app, app.service.dataset_questions.answer(number, what, settles=not leaves_open))


@question.command("close", cls=Command, examples=["andon question close 1"])
@click.argument("number", type=int)
@json_option
@pass_app
def close(app: App, number: int) -> int:
    """Say that a question is answered by what was said: for who asked, and who answered."""
    return _done(app, app.service.dataset_questions.close(number))


@question.command(
    "reopen", cls=Command, examples=["andon question reopen 1", 'andon question reopen 1 --note "And shipping?"']
)
@click.argument("number", type=int)
@click.option("--note", metavar="TEXT", help="What is missing.")
@json_option
@pass_app
def reopen(app: App, number: int, note: str | None) -> int:
    """Say that a question is not answered yet: for who asked, and who answered."""
    return _done(app, app.service.dataset_questions.reopen(number, note))


@question.command(
    "edit",
    cls=Command,
    examples=[
        'andon question edit 1 "Is sales tax in it?"',
        'andon question edit 1 "No: it is net of it." --answer 1',
        "andon question edit 1 --about marts.revenue",
    ],
)
@click.argument("number", type=int)
@click.argument("what", required=False, metavar="[TEXT]")
@_answer
@click.option(
    "--about", "subject", metavar="DATASET[.COLUMN]", help="What it is about, where that was renamed by hand."
)
@json_option
@pass_app
def edit(app: App, number: int, what: str | None, answer: int | None, subject: str | None) -> int:
    """Say your question, or your answer, in other words; or say what a question is about."""
    return _done(app, app.service.dataset_questions.edit(number, what, answer, subject))


@question.command(
    "withdraw", cls=Command, examples=["andon question withdraw 1", "andon question withdraw 1 --answer 2"]
)
@click.argument("number", type=int)
@_answer
@json_option
@pass_app
def withdraw(app: App, number: int, answer: int | None) -> int:
    """Take your question back, or your answer; where no other answer is left, the question is open again."""
    return _done(app, app.service.dataset_questions.withdraw(number, answer))


def _done(app: App, found: QuestionInfo) -> int:
    from andon.cli.text.dataset_questions import done_lines

    app.console.show(found.to_json, lambda: done_lines(found, app.console))
    return EXIT_DONE
