"""`andon request`, `andon requests`, `andon claim`, `andon answer`: needs that nobody could serve themselves."""

from __future__ import annotations

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, UsageError
from andon.model.request import DataRequest

_note = click.option("--note", metavar="TEXT", help="What there is to say of it.")


@click.command(
    cls=Command,
    examples=[
        'andon request "orders by weekday and city" --decision "when to open the second shop" --by 2026-12-15',
        "andon request --question 7 --by 2026-12-15",
        "andon request --join 3",
        "andon request --withdraw 3",
    ],
)
@click.argument("what", required=False, metavar="TEXT")
@click.option("--decision", metavar="TEXT", help="What is decided by it.")
@click.option("--by", metavar="DAY", help="Until when it is needed.")
@click.option("--worth", metavar="AMOUNT", help="What an answer is worth.")
@click.option("--currency", metavar="CODE", help="Of the amount, in three letters.")
@click.option("--of", "asked_of", metavar="PERSON", help="Who is asked.")
@click.option("--incident", type=int, metavar="NUMBER", help="The incident that it is about.")
@click.option(
    "--question", type=int, metavar="NUMBER", help="The question of which it is made, of the dataset's owner."
)
@click.option("--join", type=int, metavar="NUMBER", help="Say that you need that one, too.")
@click.option("--withdraw", type=int, metavar="NUMBER", help="Say that nobody needs that one any more.")
@_note
@json_option
@pass_app
def request(
    app: App,
    what: str | None,
    decision: str | None,
    by: str | None,
    worth: str | None,
    currency: str | None,
    asked_of: str | None,
    incident: int | None,
    question: int | None,
    join: int | None,
    withdraw: int | None,
    note: str | None,
) -> int:
    """Ask for what you can't find or make: what for, until when, and what that is worth.

    Anyone may claim and answer it. What the catalog has for these words is named first; the request stands all the same.
    """
    from andon.cli.text.requests import made_lines
    from andon.service.requests import NewRequest, RequestMade

    desk = app.service.requests
    if sum(each is not None for each in (question if what is None else what, join, withdraw)) != 1:
        raise UsageError(
            "usage.bad_argument",
            "say what you need, or which request you join or withdraw",
            where="andon request",
            hint='`andon request "orders by weekday"`, `andon request --join 3`, or `andon request --withdraw 3`',
        )
    if join is not None:
        made = RequestMade(desk.join(join), [])
    elif withdraw is not None:
        made = RequestMade(desk.withdraw(withdraw, note), [])
    else:
        made = desk.ask(NewRequest(what or "", decision, by, worth, currency, asked_of, incident, question))
    app.console.show(made.to_json, lambda: made_lines(made, app.console))
    return EXIT_DONE


@click.command(
    cls=Command, examples=["andon requests", "andon requests --all --json", "andon requests --measures --since 3mo"]
)
@click.option("--all", "with_ended", is_flag=True, help="With those that are over.")
@click.option("--measures", is_flag=True, help="How long people wait, and how much they find out by themselves.")
@click.option("--since", metavar="TIME", default="30d", show_default=True, help="Since when it is measured.")
@json_option
@pass_app
def requests(app: App, with_ended: bool, measures: bool, since: str) -> int:
    """What people need and nobody has served yet: most at stake, oldest, and needed by most first."""
    from andon.cli.text.requests import measure_lines, request_lines

    desk, console = app.service.requests, app.console
    if measures:
        told = desk.measures(since)
        console.show(told.to_json, lambda: measure_lines(told, console))
        return EXIT_DONE
    found = desk.list(with_ended=with_ended)
    console.show(lambda: [to_json(each) for each in found], lambda: request_lines(found, console))
    return EXIT_DONE


@click.command(cls=Command, examples=["andon claim 3", "andon claim 3 --leave"])
@click.argument("number", type=int)
@click.option("--leave", is_flag=True, help="Leave it to others again.")
@json_option
@pass_app
def claim(app: App, number: int, leave: bool) -> int:
    """Take care of a request; of two who claim it at once, one does."""
    desk = app.service.requests
    return _told(app, desk.unclaim(number) if leave else desk.claim(number))


@click.command(
    cls=Command,
    examples=["andon answer 3 marts.orders_by_weekday", 'andon answer 3 weekdays --note "on a branch until Monday"'],
)
@click.argument("number", type=int)
@click.argument("answer", metavar="DATASET|BRANCH")
@_note
@json_option
@pass_app
def answer(app: App, number: int, answer: str, note: str | None) -> int:
    """Answer a request with a dataset, or with a branch on which the answer lies; the board of requests shows it."""
    return _told(app, app.service.requests.answer(number, answer, note))


def _told(app: App, found: DataRequest) -> int:
    from andon.cli.text.requests import state_line

    app.console.show(lambda: to_json(found), lambda: [state_line(found)])
    return EXIT_DONE
