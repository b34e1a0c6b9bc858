"""Which commands there are and where each lives. Light on purpose: `andon --help` loads nothing but this."""

from __future__ import annotations

from typing import NamedTuple

#: Exit status of a command that was stopped with Ctrl-C, as shells use it.
EXIT_STOPPED = 130


class Entry(NamedTuple):
    """One command: its name, the module and the attribute that hold it, one line of help, and its section."""

    name: str
    module: str
    attribute: str
    short: str
    section: str

    @property
    def home(self) -> str:
        """The module's whole name."""
        return f"andon.cli.commands.{self.module}"


COMMANDS: tuple[Entry, ...] = (
    Entry("init", "setup", "init", "Make a small project that runs", "Start"),
    Entry("demo", "setup", "demo", "See the whole story on a real shop's data", "Start"),
    Entry("drill", "drill", "drill", "Watch forty faults come and go in a live project", "Start"),
    Entry("doctor", "setup", "doctor", "What is installed, missing, at risk; what uses the disk", "Start"),
    Entry("catalog", "catalogs", "catalog", "Copy the lake's database elsewhere; open it to roles", "Start"),
    Entry("lake", "lakes", "lake", "Copy the lake's files into another storage", "Start"),
    Entry("plan", "runs", "plan", "What a run would do, and why", "Build and publish"),
    Entry("run", "runs", "run", "Build what changed and publish it in one step", "Build and publish"),
    Entry("refresh", "runs", "refresh", "Build the branch's own code on today's inputs", "Build and publish"),
    Entry("optimize", "runs", "optimize", "Put small files of tables together", "Build and publish"),
    Entry("backfill", "backfill", "backfill", "Fill times of a table that grows by time", "Build and publish"),
    Entry("upload", "upload", "upload", "Publish a file that you have: CSV, JSON, Parquet, Excel", "Build and publish"),
    Entry("save", "save", "save", "Save a query as a dataset", "Build and publish"),
    Entry("edit", "edit", "edit", "Edit a file where it is published, on a branch", "Build and publish"),
    Entry("rename", "renaming", "rename", "Give a dataset another name, and to all that reads it", "Build and publish"),
    Entry("retire", "renaming", "retire", "Take datasets away that nothing reads", "Build and publish"),
    Entry("check", "checks", "check", "Ask what must hold; propose checks", "Build and publish"),
    Entry("test", "unit_tests", "test", "Run unit tests: given rows in, expected rows out", "Build and publish"),
    Entry("publish", "branches", "publish", "Publish a branch into main", "Build and publish"),
    Entry("query", "query", "query", "Ask the lake in SQL", "Look"),
    Entry("ls", "datasets", "ls", "List datasets", "Look"),
    Entry("find", "find", "find", "Find datasets by words", "Look"),
    Entry("glossary", "glossary", "glossary", "Words of the business, and the columns that hold them", "Look"),
    Entry("docs", "glossary", "docs", "What nobody described yet, most read first", "Look"),
    Entry("show", "datasets", "show", "One dataset: what it is, how it is made, for whom", "Look"),
    Entry("profile", "profiles", "profile", "What the values of a dataset look like, and what moved", "Look"),
    Entry("lineage", "lineage", "lineage", "Where a number comes from, and where it goes", "Look"),
    Entry("insights", "insights", "insights", "What data serves: worth, freshness, weakest link", "Look"),
    Entry("insight", "insights", "insight", "One insight: make, show, still true, outcome", "Look"),
    Entry("analysis", "analyses", "analysis", "Scripts and notebooks: run on a commit, kept, repeated", "Look"),
    Entry("architecture", "architecture", "architecture", "What the lake is built of, as blocks and lines", "Look"),
    Entry("impact", "lineage", "impact", "What a change would reach: datasets, insights, owners", "Look"),
    Entry("lint", "lint", "lint", "Code by which two runs may differ, with the exact form", "Look"),
    Entry("status", "datasets", "status", "Where the folder stands against its branch", "Look"),
    Entry("log", "history", "log", "What was published, when and by whom", "Look"),
    Entry("diff", "diff", "diff", "How two commits differ", "Look"),
    Entry("undo", "history", "undo", "Take the newest publish back", "Take back"),
    Entry("redo", "history", "redo", "Take an undo back", "Take back"),
    Entry("reproduce", "reproduce", "reproduce", "Build a past version again: is it the same?", "Take back"),
    Entry("isolate", "isolate", "isolate", "One stage in a folder that runs without Andon", "Take back"),
    Entry("verify", "verify", "verify", "Read all files and objects: are they as written?", "Take back"),
    Entry("repair", "repair", "repair", "Build damaged files again, where the same comes out", "Take back"),
    Entry("backup", "backup", "backup", "Copy the lake to another folder, what is new of it", "Take back"),
    Entry("restore", "backup", "restore", "Put a lake back from a backup, in another place", "Take back"),
    Entry("accept", "history", "accept", "Publish in spite of a check; let what an undo took out pass", "Take back"),
    Entry("incidents", "incidents", "incidents", "What is wrong and not right again", "Keep right"),
    Entry("incident", "incidents", "incident", "One incident: show, take, fix, close, snooze", "Keep right"),
    Entry("hold", "incidents", "hold", "Pull the cord: no run publishes a dataset", "Keep right"),
    Entry("release", "incidents", "release", "Let a dataset go on that somebody holds", "Keep right"),
    Entry("complain", "incidents", "complain", "Say that a dataset looks wrong", "Keep right"),
    Entry("quarantine", "quarantine", "quarantine", "Rows that checks set aside: list, show, put back", "Keep right"),
    Entry("actions", "actions", "actions", "What was done about what is wrong", "Keep right"),
    Entry("playbooks", "actions", "playbooks", "What answers incidents, and how far it is trusted", "Keep right"),
    Entry("freeze", "actions", "freeze", "Stop all automatic corrective action", "Keep right"),
    Entry("suggestions", "suggestions", "suggestions", "Work done by hand three times, offered done", "Keep right"),
    Entry("review", "review", "review", "How well the work went, in numbers from the record", "Keep right"),
    Entry("approve", "approve", "approve", "Agree to what others change of your datasets", "As one team"),
    Entry("request", "requests", "request", "Ask for what you can't find or make", "As one team"),
    Entry("requests", "requests", "requests", "What people need and nobody has served yet", "As one team"),
    Entry("claim", "requests", "claim", "Take care of a request", "As one team"),
    Entry("answer", "requests", "answer", "Answer a request with a dataset or a branch", "As one team"),
    Entry(
        "question", "dataset_questions", "question", "Ask about a dataset, and answer what others ask", "As one team"
    ),
    Entry("questions", "dataset_questions", "questions", "What people ask about datasets", "As one team"),
    Entry("letters", "letters", "letters", "What you are told of what is yours", "As one team"),
    Entry("principles", "principles", "principles", "Nine principles, in numbers from real use", "Keep right"),
    Entry("value", "value", "value", "What the lake is worth, and the repair that helps most", "Keep lean"),
    Entry("cost", "costs", "cost", "What the lake costs, and whom that serves", "Keep lean"),
    Entry("waste", "costs", "waste", "Datasets that nothing live needs, and what they cost", "Keep lean"),
    Entry("gc", "gc", "gc", "Take away old data that nothing needs any more", "Keep lean"),
    Entry("archive", "costs", "archive", "Put datasets away that nothing live needs", "Keep lean"),
    Entry("simplify", "simplify", "simplify", "What could be simpler, with the change ready", "Keep lean"),
    Entry("due", "due", "due", "What is due by schedule, and what comes when", "By schedule"),
    Entry("why", "due", "why", "Why a dataset was, or was not, brought up to date", "By schedule"),
    Entry("tick", "tick", "tick", "Bring up to date what is due, once: for cron and CI", "By schedule"),
    Entry("pause", "tick", "pause", "Let the schedule leave datasets as they are", "By schedule"),
    Entry("resume", "tick", "resume", "Let the schedule go on with them", "By schedule"),
    Entry("branch", "branches", "branch", "List, create, drop, switch branches", "Work aside"),
    Entry("tag", "branches", "tag", "Name a commit for good", "Work aside"),
    Entry("pull", "pull", "pull", "Bring the branch's files into the folder", "Work aside"),
    Entry("config", "setup", "config", "Each setting's value and where it comes from", "Set up"),
    Entry("contract", "contracts", "contract", "Contracts of other tools: write, and read ODCS and dbt", "Set up"),
    Entry("lock", "setup", "lock", "Pin the packages of Python datasets and analyses", "Set up"),
    Entry("notify", "notify", "notify", "Who is told of incidents, and whether it arrives", "Set up"),
    Entry("source", "sources", "source", "What comes in: list, add, check, load, pin", "Set up"),
    Entry("up", "up", "up", "Serve the lake to a team: the HTTP API", "Serve"),
    Entry("token", "tokens", "token", "Tokens by which the server knows people", "Serve"),
)

BY_NAME = {entry.name: entry for entry in COMMANDS}

GLOBAL_OPTIONS = (
    ("-C, --project DIR", "The project's folder; without it the one here or above."),
    ("--debug", "Show a trace with an error."),
    ("--no-color", "No colours; the variable NO_COLOR does the same."),
    ("--version", "The version."),
    ("-h, --help", "This text; after a command its own, with an example."),
)


def overview() -> str:
    """The text of `andon --help`."""
    lines = [
        "Usage: andon [OPTIONS] COMMAND [ARGS]...",
        "",
        "  Query anything. Save a query as a dataset. Every change is built aside and",
        "  published for the whole lake in one step. One command takes it back.",
    ]
    width = max(len(entry.name) for entry in COMMANDS)
    for section in dict.fromkeys(entry.section for entry in COMMANDS):
        lines += ["", f"{section}:"]
        lines += [f"  {e.name:<{width}}  {e.short}" for e in COMMANDS if e.section == section]
    lines += ["", "Options:"]
    lines += [f"  {option:<19}{text}" for option, text in GLOBAL_OPTIONS]
    lines += ["", "Example:", "  andon demo", "  andon run --help"]
    return "\n".join(lines) + "\n"
