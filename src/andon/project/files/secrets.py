"""What looks like a secret in a code file: it must not enter a snapshot of the code, which is kept for ever."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from andon.base.patterns import late_pattern
from andon.errors import Problem
from andon.project.files.problems import at_offset

#: Forms that only secrets have.
_KNOWN = late_pattern(
    r"""(?P<aws>(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9]))
      | (?P<github>(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{30,}))
      | (?P<gitlab>(?<![A-Za-z0-9_-])glpat-[A-Za-z0-9_-]{20,})
      | (?P<openai>(?<![A-Za-z0-9_-])sk-(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{20,})
      | (?P<stripe>(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{16,})
      | (?P<slack>(?<![A-Za-z0-9])xox[abeprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{8,})
      | (?P<google>(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35})
      | (?P<databricks>(?<![A-Za-z0-9])dapi[0-9a-f]{32})
      | (?P<private>-----BEGIN[ A-Z]*PRIVATE\ KEY)
      | (?P<jwt>(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})
      | (?P<address>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@'"]{1,256}:(?P<inside>[^\s/@'"]{1,512})@[^\s'"]+)""",
    re.VERBOSE,
)
_WHAT = {
    "aws": "an access key of AWS",
    "github": "a token of GitHub",
    "gitlab": "a token of GitLab",
    "openai": "an API key",
    "stripe": "an API key of Stripe",
    "slack": "a token of Slack",
    "google": "an API key of Google",
    "databricks": "a token of Databricks",
    "private": "a private key",
    "jwt": "a signed token",
    "address": "a password in an address",
}

_NAME = r"(?:[A-Za-z0-9_.-]{0,40}[_.-])?(?:password|passwd|pwd|secret|token|api_?key|access_?key|secret_?key|private_?key|credentials?)"
#: `password=x` in connection strings, where no quotes are needed.
_STRING = late_pattern(r"(?i)(?<![A-Za-z0-9_])(?:password|pwd)=(?P<value>[^\s'\";&,)]{3,})")
#: `sc://host:15002/;use_ssl=true;token=x`, as Spark Connect has it.
_CONNECT = late_pattern(r"(?i)://[^\s'\";]{1,500}/;(?:[^\s'\"]{0,2000};)?(?P<name>token)=(?P<value>[^\s'\";]+)")
#: `https://x.y/z?token=x`.
_SIGNED = late_pattern(
    rf"(?i)://[^\s'\"?]{{1,2000}}\?(?:[^\s'\"]{{0,4000}}&)?(?P<name>{_NAME}|(?:x-amz-)?signature|sig|(?:x-amz-)?security-token|apikey)"
    r"=(?P<value>[^\s'\"&]{3,})"
)
#: `password = "x"`, `"token": "x"`, `SECRET 'x'`, and `api_key: x` in YAML.
_QUOTED = late_pattern(
    rf"(?i)(?<![A-Za-z0-9_.-])[\"']?(?P<name>{_NAME})[\"']?\s{{0,20}}(?:[:=]|:=|\s)\s{{0,20}}(?P<quote>[\"'])(?P<value>[^\"'\n]*)(?P=quote)"
)
_BARE = late_pattern(
    rf"(?im)^[ \t]*[\"']?(?P<name>{_NAME})[\"']?[ \t]*:[ \t]+(?P<value>[^\s\"'#{{\[|>][^\s#]*)[ \t]*(?:#.*)?$"
)

_SAYS = r"[\"'`]?[ \t]{0,3}(?:\([^()\n]{0,30}\))?[ \t]{0,8}(?:[:=]|:=|=>|\b(?:is|ist|was)\b)[ \t]{0,8}[\"'`]?"
#: `password: hunter2` and `password is hunter2` without quotes, in comments and in YAML.
_SAID = late_pattern(
    r"(?i)(?P<name>passwords?|passwd|passphrase|passcode|passwort|kennwort|pwd|pw|secret)"
    + _SAYS
    + r"(?P<value>[^\s'\",;(){}\[\]<>`#]{5,200})(?![\w(\[])"
)
#: `token: …` there, where what follows is as random as a key.
_SAID_KEY = late_pattern(
    r"(?i)(?P<name>token|api[ _-]?key|access[ _-]?key|private[ _-]?key|credentials?)"
    + _SAYS
    + r"(?P<value>[A-Za-z0-9+/=_.~-]{16,200})(?![\w(\[])"
)
#: Comments and texts of several lines of Python.
_PYTHON_TEXT = late_pattern(
    r"(?P<text>#[^\n]*+|\"{3}(?:[^\"]|\"(?!\"\"))*+(?:\"{3})?|'{3}(?:[^']|'(?!''))*+(?:'{3})?)|'[^'\n]*+'?|\"[^\"\n]*+\"?"
)
#: Comments of SQL, told apart from texts, to the end of what is not closed.
_SQL_COMMENT = late_pattern(
    r"(?P<comment>--[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)|'[^']*+'?|\"[^\"]*+\"?|\$(?P<tag>\w{0,30})\$(?:[^$]|\$(?!(?P=tag)\$))*+"
)
_NAME_OF_SOMETHING = late_pattern(r"(?:[A-Za-z_]\w*[.:])*[A-Za-z]+(?:[_-][A-Za-z0-9]+)*|[?$%&*:@].*")

_KNOWN_MARKS = (
    *(
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "sk-",
        "k_live_",
        "k_test_",
        "xox",
    ),
    *("hooks.slack.com", "AIza", "dapi", "PRIVATE KEY", "eyJ"),
)
_NAME_MARKS = (
    *("pass", "pwd", "pw", "kennwort", "secret", "token", "apikey", "api_key", "api-key", "api key"),
    *("access", "private", "credential"),
)
#: So many problems of one file are told.
_MOST = 50
_TYPE = late_pattern(r"(?i)(?:varchar|string|integer|bigint|hugeint|double|boolean|timestamp|decimal|hashed|hidden)\Z")
_REFERENCE = late_pattern(r"\$\{(?:env|file):[^}]{0,200}\}|\A(?:\$\w+|\$\{\w+\}|<[^>]*>|\{[^}]*\}|%\w+%)\Z")
_PLACEHOLDER = late_pattern(
    r"(?i)\A(?:\*+|x+|\.\.\.|…|changeme|example|placeholder|none|null|true|false|your[-_ ].*)\Z"
)


def find_secrets(path: str, text: str) -> list[Problem]:
    """A problem for each thing in `text` that looks like a secret, one per line."""
    if path.endswith(".lock.txt"):
        return []
    problems: list[Problem] = []
    line_end = -1
    for offset, what, name in sorted(_found(path, text)):
        if offset <= line_end:
            continue  # one for each line
        if len(problems) == _MOST:
            break
        end = text.find("\n", offset)
        line_end = end if end >= 0 else len(text)
        variable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper() or "NAME"
        hint = f"keep it out of the project and refer to it: `${{env:{variable}}}`; if it was real, change it where it is valid"
        problems.append(_masked(at_offset(path, text, offset, "project.secret", f"this looks like {what}", hint)))
    return problems


def find_signed_addresses(path: str, text: str) -> list[Problem]:
    """A problem for each address in `text` that gives access by one of its parameters: `https://…?token=…`. It may stand in code."""
    return [
        _masked(at_offset(path, text, match.start(), "project.secret", f"an address with `{match['name']}`", None))
        for match in _SIGNED.finditer(text)
        if not _is_harmless(match["value"])
    ]


def _found(path: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Places, what is there, and the name to propose. The patterns run only where a word of theirs stands in the text."""
    if any(mark in text for mark in _KNOWN_MARKS) or ("://" in text and "@" in text):
        yield from _known_forms(text)
    lower = text.lower()
    if not any(mark in lower for mark in _NAME_MARKS):
        return
    quotes = _Quotes(text)
    for match in _STRING.finditer(text):
        if quotes.hold(match.start()) and not _is_harmless(match["value"]):
            yield match.start(), "a password", "PASSWORD"
    for match in _CONNECT.finditer(text):
        if not _is_harmless(match["value"]):
            yield match.start("name"), "a secret: the `token` of an address", match["name"]
    for match in _QUOTED.finditer(text):
        if _is_secret_value(path, match["name"], match["value"]):
            yield match.start("name"), f"a secret: the value of `{match['name']}`", match["name"]
    if path.endswith((".yml", ".yaml", ".sql")):
        for match in _BARE.finditer(text):
            if _looks_random(match["value"]) and not _is_harmless(match["value"]):
                yield match.start("name"), f"a secret: the value of `{match['name']}`", match["name"]
    for start, end in _spoken(path, text):
        for pattern, is_secret in ((_SAID, _is_chosen_word), (_SAID_KEY, _is_key)):
            for match in pattern.finditer(text, start, end):
                begin = _name_begin(text, match.start())
                if begin is not None and is_secret(match["value"]):
                    name = text[begin : match.end("name")]
                    yield begin, f"a secret: the value of `{name}`", name


def _name_begin(text: str, offset: int) -> int | None:
    """Where the name begins that ends with the word at `offset` (`smtp.password`); None for a variable (`$password`)."""
    begin = offset
    while begin > max(0, offset - 40) and (text[begin - 1].isalnum() or text[begin - 1] in "_.-"):
        begin -= 1
    return None if begin and text[begin - 1] == "$" else begin


def _spoken(path: str, text: str) -> Iterator[tuple[int, int]]:
    """Where words without quotes are a person's: the comments of SQL and of Python and TOML, and YAML."""
    if path.endswith(".sql"):
        yield from (match.span() for match in _SQL_COMMENT.finditer(text) if match["comment"])
    elif path.endswith((".yml", ".yaml")):
        yield 0, len(text)
    elif path.endswith(".py"):
        yield from (match.span() for match in _PYTHON_TEXT.finditer(text) if match["text"])
    elif path.endswith(".toml"):
        yield from (match.span() for match in re.finditer(r"#[^\n]*+", text))


def _is_key(value: str) -> bool:
    return _looks_random(value) and not _is_harmless(value)


def _is_chosen_word(value: str) -> bool:
    """Whether `value` is rather a password than the name of something: it mixes letters with digits or signs."""
    word = value.rstrip(".,:!?")
    if len(word) < 5 or _is_harmless(word) or _TYPE.match(word):
        return False
    return _NAME_OF_SOMETHING.fullmatch(word) is None and re.fullmatch(r"[\d.,:/TZ+-]{0,5}", word) is None


def _known_forms(text: str) -> Iterator[tuple[int, str, str]]:
    for match in _KNOWN.finditer(text):
        kind = next(name for name in _WHAT if match.group(name) is not None)
        if kind != "address":
            yield match.start(), _WHAT[kind], f"{kind}_key"
        elif not _is_harmless(match["inside"]):
            yield match.start(), _WHAT[kind], "PASSWORD"


def _is_secret_value(path: str, name: str, value: str) -> bool:
    if _is_harmless(value) or " " in value.strip() or len(value) < 6 or _TYPE.match(value):
        return False
    if "pass" not in name.lower() and "pwd" not in name.lower():
        return _looks_random(value)  # a token or a key that a person chose as a word is none
    # in SQL a word beside a column of that name is a description or a comparison
    return not (path.endswith(".sql") and value.isalpha())


def _is_harmless(value: str) -> bool:
    return not value or _REFERENCE.search(value) is not None or _PLACEHOLDER.match(value) is not None


def _looks_random(value: str) -> bool:
    """Whether `value` has as much chance in it as a generated key."""
    if len(value) < 16 or not re.fullmatch(r"[A-Za-z0-9+/=_.~-]+", value):
        return False
    kinds = sum(bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"[0-9]"))
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return kinds >= 2 and entropy >= 3.2 and bool(re.search(r"[0-9]", value))


class _Quotes:
    """Which places lie inside of a quoted text of their line; asked in order, so that no line is read twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = {"'": False, '"': False}

    def hold(self, offset: int) -> bool:
        """Whether the place lies inside of quotes."""
        begin = self._text.rfind("\n", self._at, offset) + 1
        if begin > 0:
            self._at = begin
            self._open = dict.fromkeys(self._open, False)
        for mark, is_open in self._open.items():
            self._open[mark] = is_open ^ (self._text.count(mark, self._at, offset) % 2 == 1)
        self._at = offset
        return any(self._open.values())


def _masked(problem: Problem) -> Problem:
    """The problem without the lines around it: a report must not spread the secret."""
    return Problem(problem.code, problem.message, problem.file, problem.line, problem.column, problem.hint)
