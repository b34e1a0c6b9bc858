"""`[notify]`: all that is wrong is said together, and secrets stay references."""

from __future__ import annotations

import tomllib

from andon.model.lamp import Lamp
from andon.model.message import Channel, IncidentChange
from andon.model.signal import SignalKind
from andon.settings.notify import KINDS, read_channels
from andon.settings.people import mails_of, read_people
from andon.settings.project_tables import check_tables

WRONG = """
[notify.Team]
kind = "webhook"
url = "https://a.b"
[notify.a]
kind = "slck"
[notify.b]
kind = "slack"
url = "https://hooks.example.com/T0/B0/xyz"
[notify.c]
kind = "email"
server = "mail:x"
from = "me"
to = ["ana", "ana@example.com"]
password = "${env:P}"
security = "none"
[notify.d]
kind = "command"
command = "rm -rf"
severety = "warn"
changes = ["oppened"]
per_hour = 0
window = "1mo"
[notify.e]
kind = "webhook"
url = "https://ana:pw@a.b"
header = "X-Key"
[notify.f]
[notify.g]
kind = "webhook"
url = "ftp://a.b"
only = [3]
[notify.h]
kind = "email"
server = "mail"
from = "a@b.c"
to = ["evil@example.com\\nBcc: all@example.com"]
"""


def test_all_that_is_wrong_is_said_together():
    problems = check_tables(tomllib.loads(WRONG))
    assert [(".".join(problem.path[1:]), problem.message, problem.hint) for problem in problems] == [
        ("Team", "`Team` can't name a channel", "use lower-case letters, digits and `_`: `[notify.team]`"),
        ("a.kind", "a channel needs its `kind`, found the text `slck`", "did you mean `slack`?"),
        ("b.url", "the url of `b` is a secret and stands in the file", '`url = "${env:B_URL}"`'),
        ("c.server", "`server` must be `host` or `host:port`, found the text `mail:x`", None),
        ("c.from", "`from` must be an address such as `andon@example.com`, found the text `me`", None),
        ("c.password", "`password` needs `user` beside it", 'add `user = "…"`'),
        ("c.security", "the password would be sent in plain text", 'write `security = "starttls"`'),
        ("c.to", "`to` holds the text `ana`", "each is an address such as `ana@example.com`"),
        ("d.severety", "a `command` channel has no `severety`", "did you mean `severity`?"),
        (
            "d.command",
            "`command` must be a list of texts, found the text `rm -rf`",
            "each is the program and its arguments",
        ),
        ("d.changes", "`changes` holds `oppened`, which is none", "did you mean `opened`?"),
        ("d.per_hour", "`per_hour` must be a whole number above 0, found the number 0", None),
        ("d.window", "`window` must be a length of time such as `5min`, found the text `1mo`", None),
        ("e.url", "the url of `e` is a secret and stands in the file", '`url = "${env:E_URL}"`'),
        ("e.header", "`header` needs `value` beside it", 'add `value = "…"`'),
        ("f.kind", "a channel needs its `kind`, and has none", "one of " + ", ".join(f"`{kind}`" for kind in KINDS)),
        ("g.url", "`url` must begin with `https://`, found the text `ftp://a.b`", None),
        ("g.only", "`only` holds the number 3", "each is a selection such as `marts.*` or `tag:finance`"),
        (
            "h.to",
            "`to` holds the text `evil@example.com\nBcc: all@example.com`",
            "each is an address such as `ana@example.com`",
        ),
    ]
    assert read_channels(["x"])[1][0].message == "`notify` must be a table, found a list"


def test_what_is_not_said_has_a_default_and_what_is_said_is_taken():
    plain, problems = read_channels({"team": {"kind": "slack", "url": "${env:URL}"}})
    assert problems == []
    channel = plain["team"]
    assert channel.option("url") == "${env:URL}"
    assert IncidentChange.CONTAINED not in channel.changes
    assert SignalKind.GOVERNANCE not in channel.kinds
    said = {"kind": "command", "command": ["tell", "x"], "severity": "fail", "only": "marts.*", "changes": ["closed"]}
    said |= {"window": "5min", "per_hour": 3, "kinds": ["late"], "branches": ["dev"]}
    assert read_channels({"x": said})[0]["x"] == Channel(
        "x",
        "command",
        command=("tell", "x"),
        severity=Lamp.FAIL,
        only=("marts.*",),
        branches=("dev",),
        changes=frozenset({IncidentChange.CLOSED}),
        kinds=frozenset({SignalKind.LATE}),
        letters=frozenset(),  # what is only told of what fails carries none
        per_hour=3,
        window=300.0,
    )


def test_people_are_reached_at_what_is_an_address():
    table = {
        "ana": {"role": "owner", "mail": "ana@example.com"},
        "ben": "editor",
        "cleo": {"role": "editor", "mail": "x"},
    }
    assert mails_of(table) == {"ana": "ana@example.com"}
    assert [problem.message for problem in read_people(table)[1]] == [
        "the mail of `cleo` is an address such as `ana@example.com`, found the text `x`"
    ]
