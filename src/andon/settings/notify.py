"""`[notify.NAME]` in `andon.toml`: by which ways people are told of incidents. Pure; secrets stay references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from andon.base.duration import read_fixed
from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record
from andon.model.lamp import Lamp
from andon.model.letter import LetterKind
from andon.model.message import Channel, IncidentChange
from andon.model.signal import SignalKind
from andon.settings.people import is_address
from andon.settings.problem import SettingProblem
from andon.settings.table import mask, shown

#: The table of `andon.toml`.
NOTIFY = "notify"


class ChannelKind(Record):
    """A kind of channel: its options, those that must be there, and those that hold a secret."""

    name: str
    options: tuple[str, ...]
    required: tuple[str, ...]
    secret: tuple[str, ...]
    about: str


#: Every kind of channel. The reference page of settings is made from it.
KINDS: Mapping[str, ChannelKind] = {
    kind.name: kind
    for kind in (
        ChannelKind(
            "webhook",
            ("url", "token", "header", "value"),
            ("url",),
            ("token", "value"),
            "a POST with a JSON document to `url`, by `token`, or by a `header` and its `value`",
        ),
        ChannelKind(
            "slack",
            ("url",),
            ("url",),
            ("url",),
            "a webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat",
        ),
        ChannelKind(
            "email",
            ("server", "security", "user", "password", "from", "to", "owner"),
            ("server", "from", "to"),
            ("password",),
            "an e-mail to the addresses `to`, through `server` (`host` or `host:port`) with `security` `starttls`, `tls` or `none`;"
            " with `owner = true` to the dataset's owner, or to whom a letter is for, where `[people]` has their `mail`",
        ),
        ChannelKind(
            "command",
            ("command",),
            ("command",),
            (),
            "a program, as a list of it and its arguments, which gets the JSON document on its standard input",
        ),
        ChannelKind(
            "apprise",
            ("url",),
            ("url",),
            ("url",),
            "any service that Apprise knows, by its address; needs `andon[apprise]`",
        ),
    )
}

#: What every channel may say beside its own options, and what it means. The reference page of settings is made from it.
COMMON: Mapping[str, str] = {
    "severity": "the least bad that is told: `warn` (the default), `stale` or `fail`",
    "only": 'a selection of datasets, as commands take it: `["tag:finance", "owner:ana", "marts.*"]`',
    "branches": "branches; without it only the default one",
    "changes": "what is told: `opened`, `contained`, `worse`, `fixed`, `called`, `reopened`, `closed`; without it all but `contained` "
    "and `fixed`",
    "kinds": "of which signals: `check`, `failed`, `source`, `schema`, `late`, `volume`, `watch`, `governance`, `cost`, `cord`, "
    "`complaint`, `silence`, `clock`, `repeat`, `damage`; without it all but `governance`",
    "letters": "what single people are told of what is theirs: `asked`, `claimed`, `left`, `answered`, `withdrawn`, `proposed`, `review`, "
    "`published`, `approved`, `disapproved`; without it all, but none where `severity` is `fail`",
    "per_hour": "messages in an hour at most (12); what comes after them goes into one",
    "window": "what comes within this time after a message goes into one (`1min`)",
}

SECURITY = ("starttls", "tls", "none")
_SEVERITIES = (Lamp.WARN, Lamp.STALE, Lamp.FAIL)
_CHANGES = frozenset(IncidentChange) - {IncidentChange.CONTAINED, IncidentChange.FIXED}
_SIGNALS = frozenset(SignalKind) - {SignalKind.GOVERNANCE}
_SERVER = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?\Z|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]+\Z")


def read_channels(table: Any) -> tuple[dict[str, Channel], list[SettingProblem]]:
    """The channels in the parsed table `[notify]`, by name, and everything that is wrong with it."""
    if not isinstance(table, Mapping):
        message = f"`{NOTIFY}` must be a table, found {shown(table)}"
        return {}, [SettingProblem("project.bad_value", (NOTIFY,), message, "write `[notify.team]`")]
    found: dict[str, Channel] = {}
    problems: list[SettingProblem] = []
    for name, values in table.items():
        reader = _Reader(name, problems)
        channel = reader.channel(values)
        if channel is not None:
            found[name] = channel
    return found, problems


class _Reader:
    """Reads one table; what is wrong is added to `problems`."""

    def __init__(self, name: str, problems: list[SettingProblem]) -> None:
        self._name = name
        self._here = (NOTIFY, name)
        self._problems = problems

    def channel(self, values: Any) -> Channel | None:
        """The channel, or None where something is wrong with it."""
        before = len(self._problems)
        kind = self._kind(values)
        if kind is None:
            return None
        for key in values:
            if key != "kind" and key not in kind.options and key not in COMMON:
                known = (*kind.options, *COMMON)
                hint = did_you_mean(key, known) or "known are " + ", ".join(f"`{each}`" for each in known)
                self._wrong(key, f"a `{kind.name}` channel has no `{key}`", hint, "project.unknown_key")
        for key in kind.required:
            if key not in values:
                example = f'{key} = ["…"]' if key in ("to", "command") else f'{key} = "…"'
                self._wrong(None, f"a `{kind.name}` channel needs `{key}`", f"add `{example}`", "project.missing_key")
        texts = [key for key in kind.options if key not in ("to", "owner", "command")]
        severity = Lamp(self._one(values, "severity", [str(each) for each in _SEVERITIES], "warn"))
        letters = frozenset(map(LetterKind, self._some(values, "letters", list(LetterKind))))
        options = tuple((key, str(values[key])) for key in texts if key in values and self._text(kind, key, values))
        self._together(dict(options))
        channel = Channel(
            self._name,
            kind.name,
            options,
            self._list(values, "to", is_address, "an address such as `ana@example.com`"),
            self._list(values, "command", bool, "the program and its arguments"),
            self._flag(values, "owner"),
            severity,
            self._list(values, "only", bool, "a selection such as `marts.*` or `tag:finance`"),
            self._list(values, "branches", bool, "names of branches"),
            frozenset(map(IncidentChange, self._some(values, "changes", list(IncidentChange)))) or _CHANGES,
            frozenset(map(SignalKind, self._some(values, "kinds", list(SignalKind)))) or _SIGNALS,
            letters or (frozenset() if severity is Lamp.FAIL else frozenset(LetterKind)),
            self._number(values, "per_hour", 12),
            self._seconds(values, "window", 60.0),
        )
        return channel if len(self._problems) == before else None

    def _kind(self, values: Any) -> ChannelKind | None:
        if not is_name_part(self._name):
            hint = "use lower-case letters, digits and `_`: `[notify.team]`"
            self._wrong(None, f"`{self._name}` can't name a channel", hint, "project.bad_name")
        if not isinstance(values, Mapping):
            found = f"`[{'.'.join(self._here)}]` must be a table, found {shown(values)}"
            self._wrong(None, found, "write `[notify.team]` and its entries below it")
            return None
        kind = KINDS.get(str(values.get("kind", "")))
        if kind is None:
            what = f"found {shown(values['kind'])}" if "kind" in values else "and has none"
            hint = did_you_mean(str(values.get("kind", "")), KINDS) or "one of " + ", ".join(f"`{k}`" for k in KINDS)
            self._wrong("kind", f"a channel needs its `kind`, {what}", hint)
        return kind

    def _text(self, kind: ChannelKind, key: str, values: Mapping[str, Any]) -> bool:
        """Whether an option is a text as it may be."""
        value = values[key]
        if not isinstance(value, str) or not value or not value.isprintable():
            return self._wrong(key, f"`{key}` must be a text, found {shown(value)}")
        if "${" in value:
            return True
        if key in kind.secret or mask(value) != value:
            hint = f'`{key} = "${{env:{self._name.upper()}_{key.upper()}}}"`'
            return self._wrong(
                key, f"the {key} of `{self._name}` is a secret and stands in the file", hint, "project.secret"
            )
        if key == "url" and not value.startswith(("http://", "https://")):
            return self._wrong(key, f"`url` must begin with `https://`, found {shown(value)}")
        if key == "from" and not is_address(value):
            return self._wrong(key, f"`from` must be an address such as `andon@example.com`, found {shown(value)}")
        if key == "server" and _SERVER.match(value) is None:
            return self._wrong(key, f"`server` must be `host` or `host:port`, found {shown(value)}")
        if key == "security" and value not in SECURITY:
            return self._wrong(key, f"`security` must be one of {', '.join(SECURITY)}, found {shown(value)}")
        if key == "header" and _HEADER.match(value) is None:
            return self._wrong(key, f"`header` must be the name of a header, found {shown(value)}")
        return True

    def _together(self, options: Mapping[str, str]) -> None:
        """What must be said together, and what must not."""
        for one, other in (("user", "password"), ("header", "value")):
            if (one in options) != (other in options):
                there, missing = (one, other) if one in options else (other, one)
                self._wrong(there, f"`{there}` needs `{missing}` beside it", f'add `{missing} = "…"`')
        if options.get("security") == "none" and "password" in options:
            self._wrong("security", "the password would be sent in plain text", 'write `security = "starttls"`')

    def _list(self, values: Mapping[str, Any], key: str, fits: Any, what: str) -> tuple[str, ...]:
        value = values.get(key, [])
        value = [value] if isinstance(value, str) and key != "command" else value
        if not isinstance(value, list) or (key in values and not value):
            self._wrong(key, f"`{key}` must be a list of texts, found {shown(value)}", f"each is {what}")
            return ()
        wrong = [each for each in value if not isinstance(each, str) or not each.isprintable() or not fits(each)]
        if wrong:
            self._wrong(key, f"`{key}` holds {shown(wrong[0])}", f"each is {what}")
        return tuple(str(each) for each in value)

    def _flag(self, values: Mapping[str, Any], key: str) -> bool:
        value = values.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, f"`{key}` must be true or false, found {shown(value)}")
        return value is True

    def _one(self, values: Mapping[str, Any], key: str, known: list[str], default: str) -> str:
        value = values.get(key, default)
        if value in known:
            return str(value)
        hint = did_you_mean(str(value), known)
        self._wrong(key, f"`{key}` must be one of {', '.join(known)}, found {shown(value)}", hint)
        return default

    def _some(self, values: Mapping[str, Any], key: str, known: list[Any]) -> list[str]:
        words = [str(each) for each in known]
        found = self._list(values, key, bool, "one of " + ", ".join(words))
        for each in found:
            if each not in words:
                hint = did_you_mean(each, words) or "known are " + ", ".join(words)
                self._wrong(key, f"`{key}` holds `{each}`, which is none", hint)
        return [each for each in found if each in words]

    def _number(self, values: Mapping[str, Any], key: str, default: int) -> int:
        value = values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self._wrong(key, f"`{key}` must be a whole number above 0, found {shown(value)}")
        return default

    def _seconds(self, values: Mapping[str, Any], key: str, default: float) -> float:
        if key not in values:
            return default
        value = values[key]
        found = read_fixed(value) if isinstance(value, str) else None
        if found is None:
            self._wrong(key, f"`{key}` must be a length of time such as `5min`, found {shown(value)}")
            return default
        return found.total_seconds()

    def _wrong(self, key: str | None, message: str, hint: str | None = None, code: str = "project.bad_value") -> bool:
        path = self._here if key is None else (*self._here, key)
        self._problems.append(SettingProblem(code, path, message, hint))
        return False
