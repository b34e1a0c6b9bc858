"""Every setting: its name, type, default and help, and what a value of it may be. Reads nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from andon.base.duration import read_duration
from andon.base.patterns import late_pattern
from andon.base.record import Record
from andon.model.budget import WRITTEN, read_budget

Value = str | int | bool


class Setting(Record):
    """One setting.

    Attributes:
        name: as written in `andon.toml`, tables joined by points.
        type: `text`, `number` (whole, not negative), `flag`, `size` (`256MB`; a number of bytes), `duration` (`90d`, or empty),
            `choice`, `amount` (a sum of money as text, `0.05`, or empty), or `budget` (`30min`, `2 EUR`, or empty).
        default: of the type that `Settings.get` returns.
        help: one line for people.
        choices: for `choice`.
        secret: whether its value is masked wherever settings are listed.
        reference: whether it may only be a reference (`${env:NAME}`, `${file:path}`) in a file of the project.
    """

    name: str
    type: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    secret: bool = False
    reference: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "ANDON_" + re.sub(r"[.\-]", "_", self.name).upper()


#: What of a run is published if a part of it fails.
POLICIES = ("all-or-nothing", "healthy", "none")

#: Every setting. `docs/reference/settings.md` is generated from this table.
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "storage",
        "text",
        ".andon/lake",
        "Where data files lie: a folder, relative to the project or absolute, or `s3://bucket/prefix`.",
        secret=True,
    ),
    Setting(
        "catalog",
        "text",
        ".andon/catalog.db",
        "The database of lake and runs: a file, relative to the project or absolute, or `postgresql://user@host/database?schema=acme`.",
        secret=True,
    ),
    Setting(
        "lake.group",
        "text",
        "",
        "The system's group (name or number) whose members share the lake, all that is in it; empty: its folder's permissions decide.",
    ),
    Setting("author", "text", "", "Who acts, as written in commits; empty: git's user, or the system's."),
    Setting(
        "backup.folder",
        "text",
        "",
        "Where `andon backup` copies the lake to, relative to the project or absolute; best on another disk. Empty: it must be named.",
    ),
    Setting("branch.default", "text", "main", "The branch that commands work on when nothing else says so."),
    Setting(
        "cost.currency",
        "text",
        "",
        "The currency of the two rates below (`EUR`); without a rate only seconds and bytes are shown, never money.",
    ),
    Setting("cost.compute_hour", "amount", "", "What an hour of computing costs (`0.40`); empty: no rate."),
    Setting(
        "cost.storage_gb_month",
        "amount",
        "",
        "What a gigabyte (10⁹ bytes) costs that is kept for 30 days (`0.023`); empty: no rate.",
    ),
    Setting(
        "engine.at_once",
        "number",
        2,
        "Scheduled runs at the same time, of all processes that work on the lake.",
    ),
    Setting("engine.threads", "number", 0, "Cores to use; 0 is all."),
    Setting(
        "engine.memory_limit",
        "text",
        "",
        "Memory that the engine may use (`4GB`), what is larger goes to disk; empty: four fifths of the machine's.",
    ),
    Setting("engine.wide_above", "size", 256_000_000, "A task whose input files are larger than this gets all cores."),
    Setting(
        "engine.temp_directory",
        "text",
        "",
        "A folder for what does not fit in memory; empty: inside `.andon`, or the system's where that can't be written.",
    ),
    Setting(
        "engine.temp_limit",
        "text",
        "",
        "How much of that there may be (`50GB`); empty: nine tenths of what is free on its disk.",
    ),
    Setting(
        "engines.spark.url",
        "text",
        "",
        "A Spark Connect endpoint (`sc://host:15002`), for datasets that say `engine: spark`; empty: there is none.",
        secret=True,
    ),
    Setting(
        "engines.spark.server",
        "choice",
        "apache",
        "Who answers there: Apache Spark, or what is built of it, such as Databricks; or Sail. They differ in values, not in words.",
        ("apache", "sail"),
    ),
    Setting(
        "engines.spark.token",
        "text",
        "",
        "What the endpoint knows Andon by: `${env:SPARK_TOKEN}` or `${file:path}`; empty: nothing.",
        secret=True,
        reference=True,
    ),
    Setting(
        "engines.spark.schemas",
        "text",
        "",
        "Schemas whose tables Spark builds, with commas (`events, logs`), where their files say nothing else.",
    ),
    Setting(
        "engines.spark.above",
        "size",
        0,
        "A table whose inputs are larger than this is built by Spark (`50GB`), where its file says nothing else and its SQL can be"
        " translated, and checks and row diffs of what Spark built that read more than this run there; 0: size does not matter, and"
        " these run there past 256 MB.",
    ),
    Setting(
        "engines.spark.compare_below",
        "size",
        256_000_000,
        "What Spark built of inputs up to this size DuckDB makes as well, and both must hold the same rows; 0: nothing is compared.",
    ),
    Setting(
        "engines.spark.compare_for",
        "duration",
        "1min",
        "Of inputs above that, DuckDB makes the rows of a few keys, where the dataset has a `key` and it takes no longer; empty: none.",
    ),
    Setting(
        "engines.spark.storage",
        "text",
        "",
        "Under which URL Spark finds what lies in `storage` (`s3a://bucket/lake`, `file:///mnt/lake`); empty: under the same path.",
    ),
    Setting(
        "engines.spark.patience",
        "duration",
        "1min",
        "How long a connection to Spark that is lost is looked for, before the dataset fails.",
    ),
    Setting(
        "publish.change",
        "choice",
        "all-or-nothing",
        "What of a run with changed code is published when a part of it fails.",
        POLICIES,
    ),
    Setting(
        "publish.budget",
        "budget",
        "",
        "What all builds of one publish may take together, as measured: `30min`, or by the rate of `[cost]` `2 EUR`; a dearer publish is"
        " held until somebody accepts it. Empty: no budget.",
    ),
    Setting("publish.refresh", "choice", "healthy", "The same for a run on the same code with new data.", POLICIES),
    Setting(
        "python.memory",
        "size",
        0,
        "Memory that a Python dataset's process may take (`8GB`), on Linux; 0 is four fifths of the machine's.",
    ),
    Setting(
        "python.keep_packages",
        "flag",
        False,
        "Whether the wheels of each lock that is made or used are kept in the lake, for this machine's system and Python: then its"
        " datasets run when no package index has them any more.",
    ),
    Setting("python.timeout", "number", 600, "Seconds that a Python dataset may take, where its file says nothing."),
    Setting("query.timeout", "number", 60, "Seconds that a query may take in a process that answers others."),
    Setting(
        "object_storage.cache",
        "size",
        20_000_000_000,
        "Bytes of files in object storage that are kept on this machine, beside those in use; what was used last stays.",
    ),
    Setting(
        "object_storage.by_range",
        "size",
        64_000_000,
        "A larger file in object storage is not brought whole to the engine, which reads the parts that it needs.",
    ),
    Setting(
        "object_storage.silence",
        "number",
        30,
        "Seconds that object storage may be silent before it is asked again; after some times it is an error.",
    ),
    Setting(
        "query.memory",
        "size",
        0,
        "Memory that such a query may take, what is larger goes to disk (`2GB`); 0 is an eighth of the machine's.",
    ),
    Setting("query.rows", "number", 10_000_000, "Rows that it may give, more are cut off; 0 is any number."),
    Setting("query.size", "size", 4_000_000_000, "Bytes that its answer may have; 0 is any number."),
    Setting("query.parallel", "number", 0, "Such queries at the same time; 0 is two per core, at least four."),
    Setting("query.keep_log", "duration", "90d", "How long queries stay in the log (`30d`, `1y`); empty: for ever."),
    Setting(
        "retention.keep",
        "duration",
        "",
        "How long data stay after a branch showed something newer in their place (`90d`, `1y`), where a dataset's file does not say `keep`."
        " What loads from elsewhere brought goes by its own file alone. Empty: for ever.",
    ),
    Setting(
        "retention.runs",
        "duration",
        "30d",
        "How long the data of a run stay that no branch ever showed; empty: for ever.",
    ),
    Setting(
        "retention.grace",
        "duration",
        "7d",
        "How long `andon gc` waits between finding that nothing needs a file and deleting it; empty: not at all.",
    ),
    Setting(
        "review.objective",
        "number",
        99,
        "Share of the time, in per cent, in which a dataset is to be as new as it promises; what is left is its error budget.",
    ),
    Setting(
        "reproduce.nightly",
        "number",
        0,
        "So many past versions are drawn each night and built again, by `andon up` or `andon tick`; one that does not come out the same"
        " is an incident. 0: none.",
    ),
    Setting("run.parallel", "number", 0, "Tasks at the same time; 0 is one per core."),
    Setting("schedule.enabled", "flag", True, "Whether `andon up` brings up to date what is due."),
    Setting("schedule.every", "duration", "10s", "How often it looks."),
    Setting(
        "schedule.lease",
        "duration",
        "1min",
        "After so long without a sign of life others may take over what a scheduled run works on; at most `10min`.",
    ),
    Setting(
        "signals.governance",
        "flag",
        True,
        "Whether a dataset that people use and that has no owner or no description, or a column that looks personal and is not marked,"
        " is an incident.",
    ),
    Setting(
        "signals.learned",
        "flag",
        True,
        "Whether rows, times and arrivals far out of what was learned of them are.",
    ),
    Setting("server.host", "text", "127.0.0.1", "The address at which `andon up` listens."),
    Setting("server.port", "number", 7411, "Its port; 0 is any that is free."),
    Setting(
        "server.address",
        "text",
        "",
        "Where people reach its pages, for links in messages: `https://andon.example.com`; empty: messages have none.",
    ),
    Setting(
        "server.names",
        "text",
        "",
        "Names by which browsers reach the server beside addresses and `localhost`, with commas: `data.example.com`.",
    ),
    Setting(
        "verify.nightly",
        "flag",
        False,
        "Whether every file and object of the lake is read each night, by `andon up` or `andon tick`; what is damaged is an incident.",
    ),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

_SIZE = late_pattern(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kKMGT]?i?)[bB]?\s*\Z")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_AMOUNT = late_pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?\Z")
_WORDS = {
    "text": "text",
    "number": "a whole number",
    "flag": "true or false",
    "size": "a size such as `256MB`",
    "duration": "a length of time such as `90d`",
    "amount": "a sum of money such as `0.05`, not below zero",
    "budget": WRITTEN,
}


def mask(text: str) -> str:
    """`text` with the password of an address in it hidden (`postgresql://ana:***@host/db`)."""
    text = re.sub(r"(?i)((?:password|passwd|pwd|secret|token)=)[^\s&;/'\"]+", r"\1***", text)
    return re.sub(r"(//[^/@\s:]{0,256}:)[^@/\s]{1,512}@", r"\1***@", text)


def convert(setting: Setting, value: Any, *, from_text: bool = False) -> Value:
    """`value` as the type of `setting`.

    Args:
        from_text: whether texts stand for numbers and flags too, as in the environment.

    Raises:
        ValueError: with what is expected and what was found, for people.
    """
    match setting.type:
        case "text" if isinstance(value, str):
            return value
        case "choice" if isinstance(value, str) and value in setting.choices:
            return value
        case "duration" if isinstance(value, str) and (not value or read_duration(value) is not None):
            return value
        case "budget" if isinstance(value, str) and (not value or read_budget(value) is not None):
            return value
        case "amount" if isinstance(value, str | int | float) and _is_amount(str(value)):
            return str(value)
        case "flag" if isinstance(value, bool):
            return value
        case "flag" if from_text and str(value).lower() in ("true", "false", "1", "0"):
            return str(value).lower() in ("true", "1")
        case "number" | "size" if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        case "number" if from_text and isinstance(value, str) and re.fullmatch(r"\s*[0-9][0-9_]*\s*", value):
            return int(value)
        case "size" if isinstance(value, str) and _SIZE.match(value):
            return parse_size(value)
    expected = " or ".join(f"`{c}`" for c in setting.choices) if setting.choices else _WORDS[setting.type]
    raise ValueError(f"`{setting.name}` must be {expected}, found {shown(value)}")


def _is_amount(text: str) -> bool:
    """Whether a text is a sum of money, or none; `True` of a flag is no such text."""
    return not text or _AMOUNT.match(text) is not None


def parse_size(text: str) -> int:
    """A size in bytes: `256MB` (powers of 1000), `256MiB` (of 1024), `1024`.

    Raises:
        ValueError: if `text` is none.
    """
    match = _SIZE.match(text)
    if match is None:
        raise ValueError(f"`{text}` is not a size")
    unit = match[2].upper()
    base = 1024 if unit.endswith("I") else 1000
    return int(float(match[1].replace("_", "")) * base ** _POWERS[unit.removesuffix("I")])


def flatten(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as `{dotted name: value}`; a table is only entered where a setting lies in it."""
    result: dict[str, Any] = {}
    for key, value in tables.items():
        name = prefix + key
        if isinstance(value, Mapping) and any(known.startswith(name + ".") for known in BY_NAME):
            result.update(flatten(value, name + "."))
        else:
            result[name] = value
    return result


def shown(value: Any) -> str:
    """A value of TOML in a sentence; passwords are masked."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"the text `{mask(value)}`"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else f"`{value}`"
