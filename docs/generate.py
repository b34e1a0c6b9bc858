"""Writes the reference pages in `docs/reference/` from the code.

    python docs/generate.py           # write
    python docs/generate.py --check   # exit 1 if a page differs from what would be written

Made here: commands, settings, project files, checks, errors, Python, what Spark builds, and the schema of JSON documents. `json.md` is
written by hand and run like the other pages (`docs/sessions.py`).
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parent / "reference"
_NOTICE = "<!-- Made by docs/generate.py from the code; do not edit. -->"


def cli_page() -> str:
    """Every command: what it does, its options, examples."""
    import click

    from andon.cli.overview import COMMANDS, GLOBAL_OPTIONS

    lines = _head(
        "Commands",
        "`andon --help` lists them, `andon COMMAND --help` shows one. Data goes to stdout, everything else to stderr.",
    )
    lines += ["## Options of all commands", "", "Before the command: `andon -C shop run`.", ""]
    lines += _table(("option", "meaning"), [(f"`{option}`", text) for option, text in GLOBAL_OPTIONS])
    lines += ["", *_CLI_NOTES]
    section = ""
    for entry in COMMANDS:
        command: click.Command = getattr(import_module(entry.home), entry.attribute)
        if entry.section != section:
            section = entry.section
        lines += ["", *_command(command, f"andon {entry.name}", "##")]
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                below = command.get_command(click.Context(command), name)
                assert below is not None
                lines += ["", *_command(below, f"andon {entry.name} {name}", "###")]
    return _text(lines)


_CLI_NOTES = """\
## Exit status

| status | meaning |
|---|---|
| 0 | done |
| 1 | a dataset failed, or nothing was published |
| 2 | the project or the command is wrong |
| 3 | conflict with another publish or a stale folder |
| 4 | the machine: disk, database, network |
| 130 | stopped with Ctrl-C |

## Selecting datasets

`plan`, `run`, `refresh`, `check`, `test` and `ls` take terms; what any of them names is selected. `--exclude` takes the same.
A term that names nothing is an error with the nearest name, never an empty selection; only `state:` may find nothing.

| term | selects |
|---|---|
| `marts.orders` | that dataset |
| `+marts.orders`, `2+marts.orders` | it and what it reads, all the way or 2 steps |
| `marts.orders+`, `marts.orders+2` | it and what reads it |
| `marts`, `marts.*` | a schema; `*` fits any part of a name |
| `tag:finance` | datasets with a tag |
| `owner:ana` | datasets of an owner |
| `datasets/marts/orders.sql`, `datasets/marts/` | the dataset of a file, the datasets of a folder |
| `macros/money.sql`, `raw/orders_05.csv` | the datasets that are made with the file, the source that reads it |
| `path:datasets/marts` | the same, told by a word; `*` fits any part of a path |
| `state:changed` | what the folder changed |
| `tag:finance,state:changed` | what both terms select: a comma means both at once, a blank either |
| `!marts.orders` | takes away, as `--exclude` |

## Naming commits

`--at`, `diff`, `tag` and others take a *ref*.

| ref | names |
|---|---|
| `main`, `try` | the newest commit of a branch |
| `month-end-may` | a tag |
| `main~1`, `main~3` | one, three publishes before |
| `main@2026-11-01` | what readers saw last on that day (UTC) |
| `main@2026-11-01T10:00` | what they saw at that moment (UTC) |
| `run:41` | what run 41 made, published or not |
| `3f2a9c1d` | a commit, by 7 characters of its id or more |

## Environment variables

Every [setting](settings.md) has one. Beside those:

| variable | meaning |
|---|---|
| `ANDON_PROJECT` | the project's folder, as `-C` |
| `ANDON_BRANCH` | the branch, as `--branch` |
| `ANDON_NOW` | the clock that a run sees, as `--now` |
| `ANDON_CLOCK` | the time that it is taken to be, for all that a command decides and records: to rehearse a night in a copy of a project |
| `ANDON_DEBUG` | show a trace with an error, as `--debug` |
| `NO_COLOR` | no colours |""".splitlines()


def _command(command: Any, path: str, mark: str) -> list[str]:
    import click

    context = click.Context(command, info_name=path)
    lines = [f"{mark} {path}", "", f"`{command.get_usage(context).removeprefix('Usage: ')}`".replace("\n", " ")]
    lines[-1] = re.sub(r"\s+", " ", lines[-1])
    lines += [
        "",
        *(re.sub(r"\s+", " ", part).strip() + "\n" for part in inspect.cleandoc(command.help or "").split("\n\n")),
    ]
    lines[-1] = lines[-1].rstrip("\n")
    rows = []
    for parameter in command.get_params(context):
        if not isinstance(parameter, click.Option) or "--help" in parameter.opts:
            continue
        record = parameter.get_help_record(context)
        if record is None:
            continue
        variable = f"; variable `{parameter.envvar}`" if parameter.envvar else ""
        rows.append((f"`{record[0]}`".replace("|", "\\|"), re.sub(r"\s+", " ", record[1]).rstrip(".") + variable))
    if rows:
        lines += ["", *_table(("option", "meaning"), rows)]
    return [*lines, "", "```", *command.examples, "```"]


def settings_page() -> str:
    """Every setting."""
    from andon.settings.connections import KINDS
    from andon.settings.notify import COMMON
    from andon.settings.notify import KINDS as CHANNELS
    from andon.settings.project_tables import LATER_TABLES, PATTERNS
    from andon.settings.table import SETTINGS

    lines = _head(
        "Settings",
        "Where a value comes from, the first one wins: an argument of `andon.open` in Python, the environment variable, "
        "`andon.toml`, the user's own file (`~/.config/andon/config.toml`), the default. `andon config show` lists values and origins.",
    )
    rows = []
    for setting in SETTINGS:
        kind = " or ".join(f"`{c}`" for c in setting.choices) if setting.choices else setting.type
        default = str(setting.default).lower() if isinstance(setting.default, bool) else str(setting.default)
        rows.append(
            (f"`{setting.name}`", kind, f"`{default}`" if default else "empty", f"`{setting.variable}`", setting.help)
        )
    lines += _table(("setting", "type", "default", "variable", "meaning"), rows)
    lines += [
        "",
        "A *size* is a number of bytes or a text such as `256MB` (powers of 1000) or `256MiB` (of 1024). "
        "A *text* may hold `${env:NAME}` or `${file:path}` in place of a secret; it is resolved when used and never stored.",
        "",
        "In `andon.toml` a point means a table:",
        "",
        "```toml",
        'storage = "/srv/lake/data"',
        'catalog = "/srv/lake/catalog.db"',
        "",
        "[engine]",
        "threads = 4",
        "```",
        "",
        f"`[{PATTERNS}]` holds named patterns of your own for [checks](checks.md#named-patterns): `plate = '[A-Z]{{2}}-[0-9]+'`. "
        "`[people]` says who may use the lake through a [server](../how-to/serve-a-team.md), and as what: `ana = 'owner'`; roles are "
        "`reader`, `editor` and `owner`. "
        "`[schedules]` holds rules for [groups of datasets](../how-to/schedule.md#groups). "
        f"{_listed(LATER_TABLES)} are planned and refused for now.",
        "",
        "## Connections",
        "",
        "`[connections.NAME]` names a [database](../how-to/databases.md), or a [place of files](../how-to/remote-files.md), that "
        "sources read. A password must be a reference; every option "
        "may be one. A `path` is relative to the project. "
        "With `at_once = 2`, which each kind may have, at most two [scheduled runs](../how-to/tick.md) ask it at the same "
        "time, of all processes.",
        "",
        *_table(
            ("kind", "reads", "needs", "may have"),
            [
                (f"`{k.name}`", k.about, _listed(k.required), _listed(o for o in k.options if o not in k.required))
                for k in KINDS.values()
            ],
        ),
        "",
        "## Channels",
        "",
        "`[notify.NAME]` names a [way to people](../how-to/messages.md), who are told of incidents by it.",
        "",
        *_table(
            ("kind", "is", "needs", "may have"),
            [
                (f"`{k.name}`", k.about, _listed(k.required), _listed(o for o in k.options if o not in k.required))
                for k in CHANNELS.values()
            ],
        ),
        "",
        "Every channel may have:",
        "",
        *_table(("key", "meaning"), [(f"`{key}`", about) for key, about in COMMON.items()]),
    ]
    return _text(lines)


def project_files_page() -> str:
    """Where files lie and what they may say."""
    from andon.project.files.fields import COLUMN_FIELDS, ELSEWHERE, FIELDS
    from andon.project.files.glossary import TERM_FIELDS
    from andon.project.files.growth import GROWTH_FIELDS
    from andon.project.files.history import HISTORY_FIELDS
    from andon.project.files.insight import INSIGHT_FIELDS
    from andon.project.files.partition import PARTITION_FIELDS
    from andon.project.files.python_source import SOURCE_FIELDS
    from andon.project.files.query import PARAMETER_FIELDS, QUERY_FIELDS
    from andon.project.files.rest import PAGE_FIELDS, REST_FIELDS, SINCE_FIELDS
    from andon.project.files.sql import CHECK_FIELDS
    from andon.project.files.standing import CAVEAT_FIELDS, CERTIFIED_FIELDS, DEPRECATED_FIELDS, RETENTION_FIELDS
    from andon.project.files.unit_tests import TEST_FIELDS
    from andon.project.files.worth import OUTCOME_FIELDS, WORTH_FIELDS

    lines = _head("Project files", "A project is a folder with an `andon.toml`, which may be empty.")
    lines += _LAYOUT
    lines += ["", "## Keys of a dataset", ""]
    lines += [
        "In the first comment of a SQL file (*front matter*), as YAML between `/*---` and `---*/`; as arguments of `@dataset` "
        "in a Python file, there as literals. All are optional.",
        "",
        *_fields(FIELDS),
        "",
        "A number, a `true` or a `null` in the place of a text is refused; quote it. Unknown keys are refused with the nearest known one.",
        "",
        f"What is no key and stands elsewhere: {', '.join(f'`{key}` ({place})' for key, place in ELSEWHERE.items())}.",
        "",
        "### Keys of a column",
        "",
        "Below `columns`, a column has a text (its description) or a mapping with these keys.",
        "",
        *_fields(COLUMN_FIELDS),
        "",
        "One of its `caveats`; `deprecated`; `certified`, each as a mapping:",
        "",
        *_fields(CAVEAT_FIELDS),
        "",
        *_fields(DEPRECATED_FIELDS),
        "",
        *_fields(CERTIFIED_FIELDS),
        "",
        "Its `retention`:",
        "",
        *_fields(RETENTION_FIELDS),
        "",
        "### Keys of a partition",
        "",
        "In a mapping of `partition` in a SQL file ([how](../how-to/tables-that-grow.md#files-by-partition)).",
        "",
        *_fields(PARTITION_FIELDS),
        "",
        "### Keys of a table that grows",
        "",
        "With `materialize: incremental`, in the mapping `incremental` of a SQL dataset "
        "([how tables grow](../how-to/tables-that-grow.md)). A length of time is such as `12h`, `3d`, `2w`, `1mo`, `1y`.",
        "",
        *_fields(GROWTH_FIELDS),
        "",
        "### Keys of a history",
        "",
        "With `materialize: history`, in the mapping `history` of a SQL dataset ([how](../how-to/histories.md)).",
        "",
        *_fields(HISTORY_FIELDS),
        "",
        *_FRONT_MATTER,
        "",
        "## Keys of a source in YAML",
        "",
        "`sources/<schema>/<name>.yml` asks an HTTP API. A how-to: [load from an API](../how-to/apis.md).",
        "",
        *_fields(REST_FIELDS),
        "",
        "A *path* is names with points between: `data.items`. Below `pagination`:",
        "",
        *_fields(PAGE_FIELDS),
        "",
        "Below `cursor`:",
        "",
        *_fields(SINCE_FIELDS),
        "",
        "Below `auth` one of `bearer: …`, `basic: {user: …, password: …}`, `header: {name: …, value: …}`, `query: {name: …, value: …}`. "
        "What is secret of it is a reference, `${env:NAME}` or `${file:path}`; between `{` and `}` it stands in quotes.",
        "",
        "## Keys of a source in Python",
        "",
        "Arguments of `@source` in `sources/<schema>/<name>.py`, as literals. A how-to: "
        "[write a source in Python](../how-to/python-sources.md).",
        "",
        *_fields(SOURCE_FIELDS),
        "",
        "## Keys of a rule",
        "",
        "`checks/<name>.sql` holds one SELECT over datasets; every row that it returns is a violation. In its front matter:",
        "",
        *_fields(CHECK_FIELDS),
        "",
        *_RULES,
        "",
        "## Keys of a saved query",
        "",
        "`queries/<name>.sql` holds one SELECT over datasets, with parameters written `$name`: `andon query NAME --param month=2026-10`",
        "asks it. A how-to: [save a query](../how-to/save-a-query.md). In its front matter:",
        "",
        *_fields(QUERY_FIELDS),
        "",
        "A parameter is a type, or a mapping:",
        "",
        *_fields(PARAMETER_FIELDS),
        "",
        "## Keys of a unit test",
        "",
        "`tests/*.yml` hold lists of tests. A how-to: [test a dataset with given rows](../how-to/unit-tests.md).",
        "",
        *_fields(TEST_FIELDS),
        "",
        "## Keys of an insight",
        "",
        "`insights/<name>.md` says what data is good for: YAML front matter between two lines `---`, then Markdown. The same keys may "
        "stand in `insights/<name>.yml`. `andon show` lists the insights that a dataset serves, directly or through others.",
        "",
        *_fields(INSIGHT_FIELDS),
        "",
        "Its `value`, and that of an outcome:",
        "",
        *_fields(WORTH_FIELDS),
        "",
        "An outcome:",
        "",
        *_fields(OUTCOME_FIELDS),
        "",
        *_playbooks(),
        "",
        "## Keys of the glossary",
        "",
        "`glossary.yml` at the top of the project says what words of the business mean. Each key is a term; its value is the meaning, or "
        "a mapping:",
        "",
        *_fields(TERM_FIELDS),
        "",
        *_OTHER_FILES,
    ]
    return _text(lines)


def _playbooks() -> list[str]:
    from andon.project.files import playbooks

    lines = [
        "## Keys of playbooks",
        "",
        "`playbooks.yml` at the top of the project says [which action answers which incident](../how-to/playbooks.md). The playbooks of "
        "the branch count, never those of the folder.",
        "",
        *_fields(playbooks.FILE_FIELDS),
        "",
        "A playbook:",
        "",
        *_fields(playbooks.PLAYBOOK_FIELDS),
        "",
        "Below `on`; of several words in a list one must fit, and `*` stands for any:",
        "",
        *_fields(playbooks.TRIGGER_FIELDS),
        "",
    ]
    for action, fields in playbooks.PARAMETER_FIELDS.items():
        lines += [f"Below `with` of `{action}`:", "", *_fields(fields), ""]
    return [*lines, "Below `breakers`:", "", *_fields(playbooks.BREAKER_FIELDS)]


_LAYOUT = """\
## Layout

| path | is |
|---|---|
| `andon.toml` | [settings](settings.md) |
| `sources/<schema>/<name>.sql` | a source: a SELECT over files, the only place where files are read, or the query of a database |
| `sources/<schema>/<name>.yml` | a source: an HTTP API that is asked |
| `sources/<schema>/<name>.py` | a source: one Python function that hands out rows |
| `datasets/<schema>/<name>.sql` | a dataset: one SELECT over other datasets |
| `datasets/<schema>/<name>.py` | a dataset: one Python function |
| `datasets/<schema>/<name>.spark.sql` | [Spark SQL](../how-to/spark.md#spark-sql-of-its-own) of the dataset beside it |
| `<schema>/<name>.lock.txt` beside a Python file | its locked packages; `andon lock` writes it |
| `macros/*.sql` | `create macro …`; part of the definition of what uses them |
| `modules/**.py` | Python modules that datasets import |
| `checks/*.sql` | rules across datasets: rows returned are violations |
| `queries/*.sql` | saved queries: one SELECT over datasets each, with `$parameters` |
| `tests/*.yml` | unit tests of datasets: given rows in, expected rows out; `tests/**.csv` holds rows for them |
| `insights/*.md`, `insights/*.yml` | what the data is good for |
| `glossary.yml` | what words mean |
| `playbooks.yml` | which action answers which incident |
| `.andon/` | local lake, catalog and caches; not in git |

Schemas and names are lower-case letters, digits and `_`, and begin with a letter or `_`. There are exactly two levels.
The path is the name: `datasets/marts/orders.sql` makes `marts.orders`.

A dataset names others as they are: `from shop.orders`. What it reads is found by the engine's parser.""".splitlines()

_FRONT_MATTER = """\
### An example

```sql
/*---
description: One row per customer, with value to date.
owner: ana
tags: [customers]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  revenue: {description: Purchases to date in USD, checks: ">= 0"}
checks: |
  not null customer_id
  rows 1..30_000
---*/
select customer_id, sum(amount) as revenue
from shop.orders
group by customer_id
```

The same in Python:

```python
from andon import dataset, read


@dataset(owner="ana", tags=["customers"], key="customer_id", columns={"revenue": "Purchases to date in USD"})
def customer_value(orders=read("shop.orders")):
    return orders.aggregate("customer_id, sum(amount) as revenue")
```

### What a dataset's SQL may not do

Its result must follow from its inputs alone, so these are refused with a hint: files outside of `sources/`, `random()` and
samples without a seed (`allow: [random]` accepts them), functions that read or change the engine's state, several statements,
anything but a SELECT. `now()` and its kin give the run's logical time (`--now`); what uses them is built again at every run,
or every day for functions of the date. A view may not use the clock.
[Python](../how-to/python-datasets.md#the-same-again) sees that time in every clock, and is built again by the same rule.""".splitlines()

_RULES = """\
```sql
/*---
why: Finance and the shop mean the same money.
allow: 2 rows
---*/
select m.month, m.revenue, i.invoiced
from marts.revenue_by_month as m
join finance.invoices_by_month as i using (month)
where i.invoiced <> m.revenue
```

The rule is a check of the dataset that it names first, and about all that it names. Macros and the clock may be used; what a dataset's SQL
may not do, a rule may not either.""".splitlines()

_OTHER_FILES = """\
## Sources

```sql
select order_id, customer, ordered_at, cast(amount as decimal(10, 2)) as amount
from read_csv('raw/orders*.csv')
```

`read_csv`, `read_json` and `read_parquet` with DuckDB's options; paths are relative to the project. See [sources](../how-to/sources.md).

`types` and `columns` of CSV and JSON take `AMOUNT(18,2,$)` and `PERCENT(9,4)` beside DuckDB's types.

## Secrets

Only as `${env:NAME}` or `${file:path}`. What looks like a secret literal is refused before it enters the lake.""".splitlines()


def checks_page() -> str:
    """Every form of the check language, what may stand around it, and what counts."""
    from andon.checks.language import patterns
    from andon.checks.language.grammar import EXAMPLE_COLUMNS, EXAMPLE_DATASET, EXAMPLE_KEYS, FORMS, PARTS, WHOLE_LINE

    lines = _head(
        "Checks",
        "One line says one thing that must hold. Lines stand under `checks:` of a dataset or of one of its columns; see "
        "[project files](project-files.md). Each run checks the built result before it is published.",
    )
    columns = ", ".join(f"`{name}` {kind}" for name, kind in EXAMPLE_COLUMNS[EXAMPLE_DATASET])
    key = ", ".join(EXAMPLE_KEYS[EXAMPLE_DATASET])
    lines += [*_CHECK_LINES, "", "## Forms", ""]
    lines += [
        "A line is read as the first of these forms that it can be. *Kind* says what is counted; see [results](#results).",
        "",
    ]
    lines += _table(
        ("form", "kind", "what holds", "examples"),
        [
            (
                f"`{one.shape}`",
                one.kind,
                _cell(one.means),
                "<br>".join(f"`{_cell(example)}`" for example in one.examples),
            )
            for one in FORMS
        ],
    )
    lines += ["", f"The examples are about `{EXAMPLE_DATASET}`, whose `key:` is `{key}`: {columns}.", ""]
    lines += [*_CHECK_READING, "", "## Around a form", ""]
    lines += ["In this order, each at most once:", ""]
    lines += _table(
        ("written", "means", "example"), [(f"`{p.shape}`", p.means, f"`{_cell(p.example)}`") for p in PARTS]
    )
    lines += ["", "All together:", "", "```", WHOLE_LINE, "```", "", "## Named patterns", ""]
    lines += ["A value of another type than text is looked at as a text. The whole text must be of the pattern.", ""]
    rows = [
        (f"`{name}`", means, f"`{good}`", f"`{bad}`") for name, (means, good, bad) in sorted(patterns.MEANINGS.items())
    ]
    lines += _table(("pattern", "accepts", "passes", "fails"), rows)
    lines += ["", *_CHECK_RULES]
    return _text(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_CHECK_LINES = """\
```sql
/*---
key: order_id
columns:
  amount: {description: In USD, checks: "0..10_000"}
checks: |
  not null customer_id                # a comment begins with two blanks and a mark
  customer_id -> shop.customers
  status in new, paid, 'on hold'
  agrees: sum(amount) = sum(shop.transactions.amount) +- 0.1%  "finance closes the month on this"
---*/
```

A line below a column leaves the column's name out: `0..10_000`, `not null`, `in new, paid`, `is email`, `-> shop.customers`,
`>= 0`. In Python `checks` is a text with lines, or a list of texts.""".splitlines()

_CHECK_READING = """\
- *VALUE* is a column or any SQL expression over the row: `length(code) 5..6`, `lower(status) in new, paid`.
- Numbers may hold `_` and are `12`, `1_000`, `0.5`, `-3`. `5%` is a share, 0.05; where a share is meant, the sign is required.
- Names of columns with blanks or capitals, and words that SQL reserves, stand in double quotes: `"Order No" > 0`.
- A comment begins with `#` or `--`, at the start of a line or after two blanks.
- A line that is no form is refused with its place, what is wrong and the nearest form. It is never taken for something else.
- A column that isn't there, types that don't compare, a dataset that isn't there: all are told when the run is planned.""".splitlines()

_CHECK_RULES = """\
More patterns go into `andon.toml`, as regular expressions of [RE2](https://github.com/google/re2/wiki/Syntax):

```toml
[patterns]
plate = '[A-Z]{1,3}-[A-Z]{1,2} [0-9]{1,4}'
```

## NULL and NaN

- A NULL passes every check but `not null` and `key`: what isn't known isn't wrong. Say `not null` where it is.
- NaN fails every comparison and every range, under `not` too. It is never equal, greater or smaller. So a row with NaN is not among
  those of `where x > 50`, nor of `share(x > 50)`.
- A total without a value (no rows, only NULLs) fails and says so. `share(x)` counts a NULL as not true.
- In `unique`, rows with a NULL are like no other.

## Results

| kind | counts |
|---|---|
| row | `bad` of `total` rows, those that `where` leaves |
| total | a `value`, held against a `limit` |
| change | a `value` held against the published version; skipped where there is none |
| schema | the columns that differ |
| watch | a `value` held against learned limits |

Of `unique` and `key` every row whose value occurs more than once is bad (of `key` every row with a NULL too), of `->` every row
whose value is missing there.

| status | means |
|---|---|
| `pass` | it holds |
| `fail` | it doesn't |
| `error` | it could not run: the same as a failure, never a pass |
| `skipped` | there was nothing to compare with |

A check that fails, or could not run, *holds* what it is about: readers keep what they have. With `warn` or `info` it is shown, and the
run goes on. A result belongs to the check and to the very versions that it read (and to the logical time, if it uses the clock), so an
unchanged check on unchanged data doesn't run again. What a check means is its form, `where` and `allow`; another name, reason, severity
or layout is still the same check.""".splitlines()


def errors_page() -> str:
    """Every error code, and which exit status errors have."""
    from andon import errors

    lines = _head(
        "Errors",
        "Every error has a code that stays the same, a message, a place (`file:line:column`, a dataset, a ref or a run) and a "
        "hint. With `--json` it is a document too: see [JSON](json.md#errors).",
    )
    lines += ["## Classes", "", "All are `andon.AndonError`s in `andon.errors`.", ""]
    classes = [
        c
        for c in vars(errors).values()
        if inspect.isclass(c) and issubclass(c, errors.AndonError) and c is not errors.AndonError
    ]
    lines += _table(
        ("class", "exit status", "when"),
        [(f"`{c.__name__}`", str(c.exit_status), _first(c).rstrip(".")) for c in classes],
    )
    group = ""
    for code, meaning in errors.CODES.items():
        if code.partition(".")[0] != group:
            group = code.partition(".")[0]
            lines += ["", f"## {group}", "", "| code | meaning |", "|---|---|"]
        lines.append(f"| `{code}` | {meaning} |")
    return _text(lines)


def python_page() -> str:
    """Public names of the package, with signatures and docstrings."""
    import andon
    from andon.python import lake as api

    lines = _head(
        "Python",
        "`import andon` costs next to nothing; parts are loaded when they are used. A how-to: [in a notebook](../how-to/notebook.md).",
    )
    for name in ("open", "connect", "dataset", "read"):
        lines += [*_function(getattr(andon, name), f"andon.{name}", "##"), ""]
    for cls, title in (
        (api.Lake, "andon.Lake"),
        (api.Result, "andon.Result"),
        (api.Branches, "Lake.branches"),
        (api.LakeSources, "Lake.sources"),
    ):
        lines += [f"## {title}", "", *_docstring(cls), ""]
        for name, member in _members(cls):
            if isinstance(member, property):
                lines += [f"### {title}.{name}", "", *_docstring(member.fget), ""]
            else:
                lines += [*_function(member, f"{title}.{name}", "###", skip_first=True), ""]
    lines += [
        "## andon.AndonError",
        "",
        *_docstring(andon.AndonError),
        "",
        "Subclasses and codes: [errors](errors.md).",
        "",
    ]
    lines += [
        "## Results of verbs",
        "",
        "Frozen objects; `to_json()` gives the [documents](json.md) of the command line where there is one.",
        "",
    ]
    for title, cls in _results():
        fields = [f"`{f}`" for f in (getattr(cls, "__struct_fields__", None) or cls.__dataclass_fields__)]
        lines += [f"### {title}", "", _first(cls), "", "Fields: " + ", ".join(fields) + ".", ""]
    return _text(lines[:-1])


def _results() -> Iterator[tuple[str, Any]]:
    from andon.model.plan import Plan, Step
    from andon.model.reverted import Reverted
    from andon.model.row_diff import ColumnChange, RowCounts, RowDiff, RowSample, ValuePair
    from andon.model.run import RunResult, TaskResult
    from andon.service.dataset_page import Page
    from andon.service.datasets import DatasetInfo
    from andon.service.history import DatasetDiff, Diff, LogEntry
    from andon.service.schema_changes import SchemaChange
    from andon.service.status import Status

    rows = (RowDiff, RowCounts, ColumnChange, ValuePair, RowSample)
    history = (LogEntry, SchemaChange, Diff, DatasetDiff, *rows, Reverted)
    for cls in (Plan, Step, RunResult, TaskResult, DatasetInfo, Page, Status, *history):
        yield cls.__name__, cls


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    own = [c for c in cls.__mro__ if c is cls or c.__module__.startswith("andon.python.")]
    for name, member in ((n, m) for c in own for n, m in vars(c).items()):
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _function(function: Callable[..., Any], title: str, mark: str, skip_first: bool = False) -> list[str]:
    signature = inspect.signature(function)
    if skip_first:
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    text = re.sub(
        r"'([^']*)'",
        lambda m: m[1] if m[1] and not m[1].startswith(".") and m[1] not in ("main",) else m[0],
        str(signature),
    )
    text = re.sub(r"<function (\w+) at [^>]*>", r"\1", text)
    return [f"{mark} {title}", "", "```python", f"{title}{text}", "```", "", *_docstring(function)]


def _docstring(thing: Any) -> list[str]:
    """A docstring as Markdown: its `Args` and `Raises` become lists, examples keep their lines."""
    text = inspect.getdoc(thing) or ""
    lines: list[str] = []
    listed = False
    for line in text.splitlines():
        heading = re.fullmatch(r"(Args|Raises|Attributes):", line)
        item = re.match(r"    (\w[\w, ]*): (.*)", line)
        if heading:
            listed = True
            lines += [f"{heading[1]}:", ""]
            continue
        if listed and item:
            lines.append(f"- `{item[1]}`: {item[2]}")
        elif listed and line.startswith("     "):
            lines[-1] += " " + line.strip()
        elif listed and line.startswith("    "):
            lines.append(f"- {line.strip()}")
        else:
            listed = False if line.strip() else listed
            lines.append(line)
    return lines


def _fields(fields: Iterable[Any]) -> list[str]:
    return _table(("key", "type", "default", "meaning"), [(f"`{f.name}`", f.type, f.default, f.help) for f in fields])


def _head(title: str, text: str) -> list[str]:
    return [_NOTICE, "", f"# {title}", "", text, ""]


def _table(headers: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(headers)} |", "|" + "---|" * len(headers), *(f"| {' | '.join(row)} |" for row in rows)]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def _first(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _text(lines: Iterable[str]) -> str:
    """The page; outside of fenced blocks one blank line is enough."""
    parts = re.split(r"(^```.*?^```$)", "\n".join(lines), flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [re.sub(r"\n{3,}", "\n\n", part) for part in parts[::2]]
    return "".join(parts).rstrip("\n") + "\n"


def json_schema() -> str:
    """JSON Schema of every document: by command what it may write with `--json`, and the definitions."""
    import json

    from andon.base.document import schemas
    from andon.cli.documents import FailureDocument, documents

    commands = {"any command that fails": (FailureDocument,), **documents()}
    found, definitions = schemas([kind for kinds in commands.values() for kind in kinds])
    rest = iter(found)
    shown = {command: [next(rest) for _ in kinds] for command, kinds in commands.items()}
    parts = {
        "commands": {command: kinds[0] if len(kinds) == 1 else {"anyOf": kinds} for command, kinds in shown.items()},
        "$defs": definitions,
    }
    lines = ['{"$schema": "https://json-schema.org/draft/2020-12/schema"']
    for part, entries in parts.items():
        rows = [f"  {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in entries.items()]
        lines += [f', "{part}": {{', ",\n".join(rows), "}"]
    return "\n".join([*lines, "}"]) + "\n"


def review_page() -> str:
    """What each number of a review is."""
    from andon.model.review import DEFINITIONS

    lines = _head(
        "Numbers of a review",
        "What `andon review` tells, and how each number comes about from what was recorded. Nothing is entered by hand. "
        "A how-to: [see how the work went](../how-to/review.md).",
    )
    lines += _table(("number", "what it is"), ((f"`{name}`", text) for name, text in DEFINITIONS.items()))
    return _text(lines)


def contracts_page() -> str:
    """What of other tools is which check line."""
    from andon.contracts.dbt.generics import GENERICS
    from andon.contracts.odcs.words import AGES, FREQUENCIES, METRICS, READ, SEVERITIES, SHOWN, WRITTEN

    lines = _head(
        "Contracts of other tools",
        "What stands in a contract or a property file, and what it is in a dataset's own file. "
        "A how-to: [exchange contracts](../how-to/contracts.md).",
    )
    versions = ", ".join(f"`{version}`" for version in READ)
    lines += ["## Open Data Contract Standard", "", f"Read are {versions}; written is `{WRITTEN}`.", ""]
    lines += _table(("in a contract", "here"), SHOWN)
    by_measure: dict[str, list[str]] = {}
    for name, measure in METRICS.items():
        by_measure.setdefault(measure, []).append(f"`{name}`")
    lines += ["", "### Names", ""]
    lines += _table(("measure", "also called"), ((names[0], ", ".join(names[1:])) for names in by_measure.values()))
    severities = {text: [name for name, word in SEVERITIES.items() if word == text] for text in ("", "warn", "info")}
    lines += ["", "### Severities", ""]
    rows = (
        (f"`{word}`" if word else "holds", ", ".join(f"`{n}`" for n in names)) for word, names in severities.items()
    )
    lines += _table(("here", "in a contract"), rows)
    levels = ", ".join(f"`{name}`" for name in (*AGES, *FREQUENCIES))
    lines += ["", f"Of service levels {levels} are read; all others are told.", "", "## Tests of dbt", ""]
    rows = ((f"`{name.partition('.')[0]}`" if "." in name else "dbt", *one.shown) for name, one in GENERICS.items())
    lines += _table(("package", "test", "line"), rows)
    return _text(lines)


def spark_sql_page() -> str:
    """What of DuckDB's SQL is said in Spark SQL, and what to write in place of the rest."""
    from andon.engines.spark.translation import aggregates, functions, operators
    from andon.engines.spark.translation.numbers import DIGITS_NOTE
    from andon.engines.spark.translation.spark_sql import SESSION

    lines = _head(
        "What Spark builds",
        "A dataset stays DuckDB SQL. Where Spark builds it, it is said in Spark SQL from the plan that DuckDB's own binder makes, so that "
        "stars, `group by all`, `union by name`, `exclude`, `replace`, `using`, aliases of the same SELECT, macros and casts are written "
        "out first. What is listed here gives on Spark what it gives on DuckDB, or fails with a message. All else is refused when a run is "
        "planned, with its line and column and the form to write (`spark.not_translated`). "
        "[Decision 54](../decisions/0054-spark-sql-is-said-from-the-plan.md) tells why.",
    )
    lines += ["## Queries", "", *_SPARK_QUERIES, "", "## Not translated", ""]
    forms = [(what, form) for what, form in operators.INSTEAD.values()]
    forms += [(f"`{name}(…)`", form) for name, form in aggregates.INSTEAD.items()]
    lines += _table(("what", "to write"), [(what, form.replace("|", "\\|")) for what, form in (*forms, *_SPARK_FORMS)])
    lines += ["", "## Functions", "", _spark_names(functions.FUNCTIONS), "", "## Aggregates", ""]
    lines += [_spark_names(aggregates.AGGREGATES), "", "## What is said otherwise, so that it agrees", ""]
    lines += _table(("DuckDB", "on Spark"), _SPARK_REWRITTEN)
    lines += ["", "## What may still differ", "", "A plan tells it where it concerns a dataset:", ""]
    lines += [f"- {note}" for note in (aggregates.ADDED_NOTE, aggregates.TIES_NOTE, DIGITS_NOTE)]
    lines += ["", "## How a session is set", ""]
    lines += _table(("setting", "value"), [(f"`{name}`", f"`{value}`") for name, value in SESSION.items()])
    return _text(lines)


def _spark_names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`".replace("|", "\\|") for name in sorted(names))


_SPARK_QUERIES = """\
SELECT with WHERE, GROUP BY, ROLLUP, CUBE, GROUPING SETS, HAVING, QUALIFY, DISTINCT, DISTINCT ON with an order, ORDER BY with LIMIT and
OFFSET that are written numbers; joins of all kinds with ON, USING or NATURAL, SEMI, ANTI, CROSS, LATERAL; `in (select …)`, EXISTS, scalar
and correlated subqueries; UNION, INTERSECT, EXCEPT with and without ALL and BY NAME; CTEs; VALUES; `unnest` of one list; `range` and
`generate_series` of written whole numbers; windows with ROWS, or RANGE up to the current row; PIVOT with written values.

Rows have no order on Spark but under a LIMIT, as in a table. Values are of BOOLEAN, whole numbers up to BIGINT (sums of them up to 38
digits), DECIMAL, DOUBLE, VARCHAR, DATE, TIMESTAMP with and without a time zone, and lists and structs of these, which can be taken apart
but not sorted, grouped or compared.
""".splitlines()

_SPARK_FORMS = [
    ("a cast from DOUBLE to VARCHAR", "round it to a DECIMAL first: `cast(x as decimal(18, 2))`"),
    ("`median`, `quantile_cont` of a DECIMAL", "cast it to DOUBLE"),
    (
        "a regular expression with `\\b`, `(?i)`, `[[:alpha:]]`",
        "letters, classes such as `[a-z0-9]`, `\\d`, groups, `* + ? {n,m}`",
    ),
    ("`substr` from the end, or of computed places", "`right(text, 2)`, or written numbers from 1 on"),
    ("`date_diff('week', …)`", "`date_diff('day', date_trunc('week', a), date_trunc('week', b)) // 7`"),
    ("`limit` without an order", "`order by key limit 10`"),
    ("a window without an order", "`over (order by key)`"),
    ("frames by RANGE of values, or GROUPS", "`rows between 2 preceding and current row`"),
    (
        "sums and means of DOUBLE over rows that move along, on Sail",
        "cast it to a DECIMAL: `cast(x as decimal(18, 4))`",
    ),
    ("JSON, maps, lambdas, `strptime`, any other function", "a dataset that DuckDB builds, or Spark SQL beside it"),
]

_SPARK_REWRITTEN = [
    ("`a / b`", "divides by zero to infinity or NaN, by the sign of the zero; Spark alone would fail"),
    ("`a // b`, `a % b`", "NULL where `b` is 0"),
    ("whole numbers that run over", "fail, on Sail too, which alone would go on with another number"),
    ("`sum` of whole numbers", "in 38 digits, then as the lake stores it"),
    ("`avg` of decimals and whole numbers", "the exact sum divided once, as a DOUBLE"),
    ("`max_by`, `arg_max`, `min_by`, `arg_min`", "pass over rows whose value is NULL"),
    ("`count_if`", "NULL of nothing at all"),
    ("casts of DOUBLE to whole numbers", "round halves to even; of DECIMAL away from zero; Spark alone would cut off"),
    (
        "`round(x, 2)`, casts of DOUBLE to DECIMAL",
        "round the number as it lies, not as it looks: `1.005` becomes `1.00`",
    ),
    ("casts of VARCHAR", "read the plain form only (`12.5`, `2026-01-31`); forms that one engine alone reads fail"),
    ("`ceil`, `floor` of DOUBLE", "stay DOUBLE, whatever their size, with the sign of a zero"),
    ("NULL and NaN in an order", "where DuckDB has them: NULL last unless said otherwise, NaN as the greatest"),
    ("`-0.0`", "is 0.0 where rows are compared, grouped and matched"),
    ("`concat`", "passes over NULL; `||` does not"),
    ("`trim`, `ltrim`, `rtrim`", "take away every space of Unicode, such as the no-break space, and no tab"),
    ("a correlated scalar subquery", "fails where it gives several rows"),
    ("`infinity` as a date or timestamp", "is kept and compared; fails where it is counted with or taken apart"),
    (
        "`upper`, `lower`, `ilike`",
        "fail at the few letters whose other case engines write differently (`ß`, `Σ`, `İ`, …)",
    ),
    (
        "regular expressions",
        "are said anew so that RE2, Java and Rust read them alike; without `'g'` the first match alone is replaced",
    ),
    (
        "`dayofweek`, `isodow`, `date_trunc`, `date_diff`, intervals",
        "count as DuckDB does, in UTC; months before days before hours",
    ),
    ("`array_extract`, `list[1]`", "from 1, from the end below 0, NULL beyond"),
    ("`in (select …)`, EXISTS", "true, false or NULL as in DuckDB, also in a SELECT"),
]


def api_page() -> str:
    """Every route of the HTTP API: what it does, who may call it, what it takes, which document it answers with."""
    import msgspec

    from andon.web.endpoint import API
    from andon.web.routes import all_endpoints

    lines = _head(
        "HTTP API",
        f"What `andon up` serves below `{API}`. Documents are those of [`--json`](json.md). "
        "`openapi.json` beside this page says the same for programs, and the server at `/api/v1/openapi.json`.",
    )
    lines += [*_API_NOTES, "## Routes", ""]
    rows = []
    for each in all_endpoints():
        command = f"`andon {each.verb}`" if each.verb else ""
        rows.append(
            (
                f"`{each.method} {each.path or '/'}`".replace(":path", ""),
                each.about.rstrip("."),
                str(each.role),
                command,
            )
        )
    lines += _table(("route", "what it does", "role", "command"), rows)
    lines += [
        "",
        "## What routes take",
        "",
        "Behind the `?` of a GET or DELETE, as a JSON object else. What is not there has its default.",
        "",
    ]
    told: dict[tuple[type, ...], str] = {}
    for each in all_endpoints():
        kinds = tuple(kind for kind in (each.query, each.body) if kind is not None)
        fields = [(kind, field) for kind in kinds for field in msgspec.structs.fields(kind)]
        if not fields:
            continue
        title = f"{each.method} {each.path}".replace(":path", "")
        lines += [f"### {title}", ""]
        if kinds in told and len(fields) > 2:
            lines += [f"What [`{told[kinds]}`](#{_anchor(told[kinds])}) takes.", ""]
            continue
        told[kinds] = title
        lines += [f"{_first(kinds[-1])}", ""]
        rows = []
        for kind, field in fields:
            default = "needed" if field.required else f"`{_default(field)}`"
            said = _meanings(kind).get(field.encode_name, "")
            rows.append((f"`{field.encode_name}`", _kind(field.type).replace("|", "\\|"), default, said))
        lines += [*_table(("name", "type", "default", "meaning"), rows), ""]
    return _text(lines)


def _anchor(title: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _meanings(kind: type) -> dict[str, str]:
    """What each field means, as the docstrings of a type and of what it is made of say."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        parts: list[tuple[str, str]] = []
        for line in (inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")[2]).splitlines():
            item = re.match(r"    (\w[\w, ]*): (.*)", line)
            if item:
                parts.append((item[1], item[2]))
            elif parts and line.strip():
                parts[-1] = (parts[-1][0], f"{parts[-1][1]} {line.strip()}")
        found |= {name: said.rstrip(".") for names, said in parts for name in names.split(", ")}
    return found


_API_NOTES = """\
## Who asks

`Authorization: Bearer andon_…` shows a token; pages use a cookie, which `POST /session` with `{"token": "…"}` gives and `DELETE /session`
takes. Without `[people]` in `andon.toml` whoever reaches the server on its own machine is its owner.

## Calls that change something

Each goes on to its end, whoever still listens. How it is answered is asked for by headers:

| header | answer |
|---|---|
| none | the document, when it is there; `Andon-Call` names the call |
| `Accept: text/event-stream` | events as they come: `planned`, `task-started`, `task-ended`, `notice`, then `answer` or `error` |
| `Prefer: respond-async` | 202 at once, and in `Location` where to ask about it; `…/events` tells its progress, `DELETE` stops it |
| `Idempotency-Key: ID` | asked again with that id within seven days: answered again, and not done again; what failed may be asked again |

A change of main's code needs somebody's agreement: without it the answer is 409 `usage.confirmation_needed` with the plan and its
`digest`. The same call with `"agreed": DIGEST` does just that plan; `"any"` does whatever it is by then.

## Answers to queries

`POST /queries` and `GET /queries` answer with what `Accept` names: `application/json`, `application/vnd.apache.arrow.stream`, `text/csv`,
`application/vnd.apache.parquet`, `application/x-ndjson`. The header `Andon-Commit` says which commit was read.
`Andon-Notes`, where there is something to know before the answer is trusted, has it as a JSON list in ASCII, the worst first and at most
some 4,000 characters of it; `Andon-Notes-Count` says how many there are. Forms that hold more than rows have all of them as `notes`,
and Parquet and Arrow in their metadata as `andon.notes`, a JSON list.

Line by line, the first line has columns, types and commit, each of the following is an array of rows, and the last one has how many
they are, whether there were more, and what is known against the datasets that were read; where the query fails on its way it is
`{"problem": …}`. Whole numbers beyond 2^53 and decimals are texts there: whoever reads numbers as doubles loses nothing.

`part` asks one CTE alone, with those that it needs; places of problems are those of the whole text. An address takes the values of
parameters as `p.NAME=…`, and with `format` the form of a file.

## Errors

Problem details (`application/problem+json`, RFC 9457), with the `code`, `where` and `hint` that every face shows; `problems` has each
place that is wrong, with a hint of its own. [What codes mean](errors.md).

A hint speaks of commands and options. `routes` names the call for each command, `{"andon ls": "GET /api/v1/datasets"}`; an option is
the field of that name, `--replace` is `"replace": true`; `--yes` and `--publish` are `"agreed"`, `--param` and `--check` are
`"parameters"` and `"checks"`.

## Lists

A list is answered whole, or in parts with `limit`; then `Link: <…>; rel="next"` leads to what follows.

## Beside the API

`/healthz` says `ok`. `/metrics` tells figures in the form of Prometheus, to whoever may read. A line of JSON per request goes to stderr.

""".splitlines()


def _default(field: Any) -> str:
    import msgspec

    if field.default_factory is not msgspec.NODEFAULT:
        return str(field.default_factory())
    return {None: "null", True: "true", False: "false"}.get(field.default, str(field.default))


def _kind(kind: Any) -> str:
    from typing import Annotated, Literal, get_args, get_origin

    if kind is type(None):
        return "null"
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(parts[0])
    if origin is Literal:
        return " | ".join(f"`{part}`" for part in parts)
    if origin in (list, dict):
        return f"{'list' if origin is list else 'object'} of {_kind(parts[-1])}"
    if parts:
        return " | ".join(_kind(part) for part in parts if part is not type(None))
    return {"str": "text", "int": "number", "bool": "true or false"}.get(
        getattr(kind, "__name__", str(kind)), "any value"
    )


def openapi() -> str:
    """The description of the API for programs."""
    import json

    from andon.web.openapi import description

    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "project-files.md": project_files_page,
    "checks.md": checks_page,
    "errors.md": errors_page,
    "python.md": python_page,
    "review.md": review_page,
    "contracts.md": contracts_page,
    "spark-sql.md": spark_sql_page,
    "json.schema.json": json_schema,
    "api.md": api_page,
    "openapi.json": openapi,
}


def differences() -> list[str]:
    """Unified diffs of the pages that are not as the code would have them."""
    found = []
    for name, make in PAGES.items():
        path = REFERENCE / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = make()
        if old != new:
            found.append(
                "\n".join(
                    difflib.unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (made)", lineterm="", n=1)
                )
            )
    return found


def main() -> int:
    """Write or compare the pages."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the code.")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on a difference")
    options = parser.parse_args()
    os.environ["COLUMNS"] = "400"
    if options.check:
        found = differences()
        for difference in found:
            print(difference)
        if found:
            print("the reference differs from the code: `make docs` writes it", file=sys.stderr)
        return 1 if found else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
