"""`andon demo`: the story of a young shop, told by typing the commands. Every figure on screen comes from the lake, none is written here.

The commands run in this process with a clock that stands in the summer of 1998, so that the story's dates are those of the data.
"""

from __future__ import annotations

import gzip
import shlex
import shutil
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from andon.base.files import tree_size
from andon.base.text import plural, seconds, size
from andon.cli.output import Console
from andon.cli.story import Story, Teller

JUNE = "raw/transactions_1998-06.csv.gz"
MAY_FILE = "raw/transactions_1998-05.csv.gz"
MAY_AGAIN = "raw/transactions_1998-05_sent_again.csv.gz"
MART = "datasets/marts/revenue_by_month.sql"
INSIGHTS = ("letters", "retention", "revenue")
LIST = "marts.customers_to_write_to"
VALUE = "datasets/marts/customer_value.sql"
VALUE_TEST = "tests/customer_value.yml"
LATEST = "select month, revenue, orders from marts.revenue_by_month order by month desc limit 3"
RAW = "select strftime(purchased_on, '%Y-%m') as month, sum(amount) as amount from shop.transactions group by 1 order by 1 desc limit 2"
MAY = "select revenue as may_1998 from marts.revenue_by_month where month = date '1998-05-01'"

_LINE = 'checks: |\n  reconciles: sum(revenue) = sum(shop.transactions.amount)  "finance closes the month on this"\n'
_COMMENT = "-- finance closes the month on the third working day\n"
_RATES = """\
join (values (1.0, date '1996-01-01'), (1.0, date '1997-01-01')) as rates (rate, since)
  on rates.since <= purchases.purchased_on
"""


#: Lines of the spoilt month and the customers that stand there.
_UNKNOWN = {700: "23571", 1400: "90210"}

#: A time at which all of the story is of the last month.
AFTERWARDS = "1998-07-08T18:00"

#: How far an insight can be relied on, the least first.
_LEVELS = ("red", "amber", "green")


def tell(console: Console, folder: Path, pause: bool) -> None:
    """Tell the whole story in `folder`, which must not exist or be empty.

    Raises:
        UsageError: `usage.exists`.
        AndonError: what stopped it.
    """
    from andon.service.setup import copy_example, example_folder

    spoken = _beside(console) if console.as_json else console
    began = time.perf_counter()
    copy_example(folder)
    (folder / JUNE).unlink()
    story = Story(spoken, folder, pause)
    out = spoken.out
    out.line(
        out.paint("A young shop's purchases, January 1997 to June 1998: 69,659 of them, by 23,570 customers.", "bold")
    )
    out.line(f"The project is in {folder}; it stays, so that you can go on in it. The story's clock stands in 1998.")
    _publish(story)
    _bad_june(story, example_folder() / JUNE)
    _june(story, example_folder() / JUNE)
    _comment(story)
    _branch(story)
    _mistake(story)
    _undo(story)
    _line(story)
    _cost(story)
    _worth(story)
    _again(story)
    took = time.perf_counter() - began
    out.line()
    out.line(f"{out.paint('That was it', 'bold')}, in {seconds(took)}. Go on in the browser, or by typing:")
    out.line(f"  cd {shlex.quote(str(folder))} && {_command()} up   # or status, log, ls")
    out.line(
        f"Its numbers of a month are of 1998: `export ANDON_CLOCK={AFTERWARDS}` before that goes on in the story's time."
    )
    if console.as_json:
        console.json({"folder": str(folder), "seconds": round(took, 3), "beats": story.beats})


def _publish(story: Story) -> None:
    text = "May is over. The first run builds everything aside, then publishes the whole lake in one step."
    with story.beat("The first run", text, "ana", _on(6, 1, 9)) as ana:
        ana.type("run", "--yes")
        ana.type("query", LATEST)
        ana.say("Three insights say what the data is for. Their answers of today are pinned, to be asked again later.")
        ana.type("insight", "pin", *INSIGHTS)
        ana.figure("may", MAY)


def _bad_june(story: Story, june: Path) -> None:
    text = "June's file arrives in the night: in cents, with two customers that nobody knows. And May's file comes a second time."
    with story.beat("A bad load", text, "ana", _on(7, 1, 5)) as ana:
        _spoil(june, story.folder / JUNE)
        shutil.copyfile(story.folder / MAY_FILE, story.folder / MAY_AGAIN)
        ana.type("refresh", status=1)
        ana.say(
            "The line stopped before anything was built on it. What was delivered can be looked at; readers see May as before."
        )
        ana.type("query", RAW, "--at", "run:3")
        ana.type("query", LATEST)
        ana.figure("may", MAY)
        ana.figure(
            "june_held", "select sum(amount) from shop.transactions where purchased_on >= date '1998-06-01'", "run:3"
        )


def _spoil(good: Path, target: Path) -> None:
    """Write a month as a careless export would: amounts in cents, and in two lines a customer whom nobody knows."""
    lines = gzip.decompress(good.read_bytes()).decode().splitlines()
    made = [lines[0]]
    for number, line in enumerate(lines[1:]):
        customer, day, cds, amount = line.split(",")
        made.append(",".join((_UNKNOWN.get(number, customer), day, cds, f"{Decimal(amount) * 100:.2f}")))
    target.write_bytes(gzip.compress(("\n".join(made) + "\n").encode(), mtime=0))


def _june(story: Story, june: Path) -> None:
    text = "The shop sends June again, right this time. Only what depends on it is built, the rest is reused."
    with story.beat("The file is corrected", text, "ana", _on(7, 1, 9)) as ana:
        shutil.copyfile(june, story.folder / JUNE)
        (story.folder / MAY_AGAIN).unlink()
        ana.type("run")
        ana.type("query", LATEST)
        ana.figure("may", MAY)


def _comment(story: Story) -> None:
    text = "A comment is not a change of meaning: nothing is built."
    with story.beat("A comment", text, "ana", _on(7, 1, 10)) as ana:
        ana.edit(MART, "a comment above the query", ("select\n", _COMMENT + "select\n"))
        ana.type("run", "--yes")


def _branch(story: Story) -> None:
    text = "Ben calls a customer regular who bought in the last 60 days, not 90. He tries it aside; main's readers see nothing of it."
    with story.beat("A change, aside", text, "ben", _on(7, 2, 11)) as ben:
        ben.edit(VALUE, "90 days become 60", ("until.day) - 90", "until.day) - 60"))
        ben.edit(
            VALUE_TEST,
            "what it should give from now on",
            ("looks back 90", "looks back 60"),
            ("1998-04-02", "1998-05-02"),
        )
        ben.type("plan", "--branch", "regular-60")
        ben.type("run", "--branch", "regular-60")
        ben.type("diff", "main", "regular-60", "--rows", "marts.customer_value", "--limit", "4")
        ben.say("Publishing takes what the branch built; nothing is built again.")
        ben.type("publish", "regular-60", "--yes")


def _mistake(story: Story) -> None:
    text = "Cleo prepares for other currencies. Two rates are valid at a time, so every purchase counts twice. It is valid SQL."
    with story.beat("A mistake gets through", text, "cleo", _on(7, 3, 16)) as cleo:
        before = cleo.figure("may_before", MAY)
        cleo.edit(
            MART,
            "a join with rates, and amounts times their rate",
            ("from staging.purchases\n", "from staging.purchases as purchases\n" + _RATES),
            ("money(sum(amount))", "money(sum(amount * rate))"),
        )
        cleo.type("run", "--branch", "currencies")
        cleo.say("The summary says it: 18 of 18 rows. People click such things through, so undo is there.")
        cleo.type("publish", "currencies", "--yes")
        cleo.type("query", MAY)
        after = cleo.figure("may_after", MAY)
        cleo.say(f"Every reader sees {after:,} for May now; it was {before:,}.")


def _undo(story: Story) -> None:
    text = "One command, and readers see what they saw before."
    with story.beat("Take it back", text, "ana", _on(7, 3, 17)) as ana:
        stored = ana.stored()
        ana.type("undo", "--yes")
        ana.type("query", MAY)
        ana.figure("may", MAY)
        copied = ana.stored() - stored
        ana.story.beats[-1]["figures"]["bytes_copied"] = str(copied)
        ana.say(f"{size(copied)} of data were copied.")
    text = "Cleo's edit still lies in the folder. A run does not publish again what was undone, and says so."
    with story.beat("It stays undone", text, "ana", _on(7, 4, 9)) as ana:
        ana.type("run", "--yes")
        ana.figure("may", MAY)
    text = (
        "Any commit and any day can be asked: before the undo, and the middle of June, when June's file was not there."
    )
    with story.beat("The same question, earlier", text, "ana", _on(7, 6, 9)) as ana:
        ana.type("query", MAY, "--at", "main~1")
        ana.type("query", LATEST, "--at", "main@1998-06-15")
        ana.figure("may_with_mistake", MAY, "main~1")


def _line(story: Story) -> None:
    text = "No check knew that the months must add up to what the shop sold. Ana takes the join out and adds one line."
    with story.beat("The line that would have caught it", text, "ana", _on(7, 6, 9)) as ana:
        ana.edit(
            MART,
            "the join is out, and one line more stands under `checks:`",
            (_RATES, ""),
            ("amount * rate", "amount"),
            ("checks: |\n", _LINE),
        )
        ana.type("run", "--yes")
    text = "Cleo tries once more, with a left join. Every purchase counts twice again, and now somebody is told before a reader is."
    with story.beat("Caught", text, "cleo", _on(7, 6, 15)) as cleo:
        cleo.edit(
            MART,
            "a left join with rates",
            ("from staging.purchases as purchases\n", "from staging.purchases as purchases\nleft " + _RATES),
            ("money(sum(amount))", "money(sum(amount * rate))"),
        )
        cleo.type("run", "--yes", status=1)
        cleo.type("query", MAY)
        cleo.figure("may", MAY)


def _cost(story: Story) -> None:
    text = "Every commit is a whole lake; what they have in common is stored once."
    with story.beat("What it costs", text, "ana", _on(7, 6, 17)) as ana:
        ana.type("log")
        lake = ana.app.workspace.lake
        commits = list(lake.commits.first_parents(lake.refs.resolve("main")))
        stored = whole = 0
        seen: dict[str, int] = {}
        for commit in commits:
            versions = lake.objects.versions(leaf.version for leaf in lake.commits.state(commit).leaves.values())
            files = {f.path: f.size for v in versions.values() for f in v.files}
            whole += sum(files.values())
            seen.update(files)
        stored = sum(seen.values())
        raw = tree_size(story.folder / "raw")[1]
        ana.story.beats[-1]["figures"].update(stored=str(stored), copies=str(whole), raw=str(raw))
        ana.say(
            f"{plural(len(commits), 'commit')} of the lake take {size(stored)}; as copies they would take {size(whole)}. "
            f"The shop's raw files are {size(raw)}."
        )


def _worth(story: Story) -> None:
    text = "What is it for? Purchases are the shop's; the price of a letter, and what work is worth, are an example."
    with story.beat("What it was worth", text, "cleo", _on(7, 7, 16)) as cleo:
        cleo.type(
            "request",
            "how many customers of a month come back",
            "--decision",
            "whether to advertise in January again",
            "--worth",
            "5000",
            "--currency",
            "USD",
        )
    with story.turn("ana", _on(7, 8, 9)) as ana:
        ana.type("answer", "1", "marts.cohorts")
        ana.type("insight", "check", status=1)
        ana.say("May is what it was. June brought another list of customers, as it should: what came of the first one?")
        spared, all_the_same = _spared(ana)
        what = f"{spared} letters were not written in June; {all_the_same} of these customers bought all the same"
        postage = str(2 * spared)
        ana.type("insight", "outcome", "letters", what, "--value", postage, "--currency", "USD", "--basis", "measured")
        ana.type("waste")
        ana.type("value", "--since", "60d", "--limit", "3")
        found, bill = ana.app.service.worth.value(), ana.app.service.costs.cost(since="60d")
        weakest = min(found.insights, key=lambda each: _LEVELS.index(each.level))
        ana.say(f"All that was computed and kept since June cost {bill.total.money} {bill.rates.currency}.")
        if weakest.weakest is not None:
            link = weakest.weakest
            ana.say(f"The weakest link is under `{weakest.name}`: {link.dataset}: {link.what}.")
        ana.story.beats[-1]["figures"].update(
            spared=str(spared), bought_all_the_same=str(all_the_same), cost=str(bill.total.money), weakest=weakest.name
        )


def _again(story: Story) -> None:
    text = "Somebody will ask how the months of mid-June came about. Ben makes them again: here, and as who has Python and no Andon."
    with story.beat("The same number, anywhere", text, "ben", _on(7, 8, 17)) as ben:
        version, folder = "marts.revenue_by_month@1998-06-15", story.folder / "mid-june"
        ben.type("reproduce", version)
        ben.type("isolate", version, "-o", str(folder))
        ben.python(folder / "run.py")


def _spared(ana: Teller) -> tuple[int, int]:
    """To how many customers of May's list nobody wrote, and how many of these bought in June: one question to two commits."""
    ask = ana.app.service.querying.ask
    spared = [row[0] for row in ask(f"select customer_id from {LIST} where at_stake < 40", "main@1998-06-15").fetch()]
    names = ", ".join(str(customer) for customer in spared)
    bought = f"""select count(distinct customer_id) from staging.purchases
        where purchased_on >= date '1998-06-01' and customer_id in ({names})"""
    return len(spared), ask(bought).fetch()[0][0]


def _command() -> str:
    """How this command is called here: by its name, or by its place where a shell would not find it."""
    called = Path(sys.argv[0]).absolute()
    known = shutil.which("andon")
    is_known = known is not None and Path(known).resolve() == called.resolve()
    return "andon" if is_known or called.name != "andon" else shlex.quote(str(called))


def _on(month: int, day: int, hour: int) -> datetime:
    # people don't come at the full hour: who does is taken for a clock
    return datetime(1998, month, day, hour, (17 * day + 23 * hour + 8 * month) % 60, tzinfo=UTC)


def _beside(console: Console) -> Console:
    """A console that tells everything on stderr, while stdout waits for the document."""
    spoken = Console()
    spoken.out = console.err
    return spoken
