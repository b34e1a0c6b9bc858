"""An address of an API as a source: the file that says how it is asked, with what its first answer tells."""

from __future__ import annotations

import json
import re
import threading
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from andon.base.document import Document
from andon.base.files import make_folder, write_whole
from andon.base.names import is_name_part
from andon.errors import DatasetError, UsageError
from andon.model.rest import Rest
from andon.project.files.rest import read_rest
from andon.project.files.secrets import find_secrets
from andon.proposals.names import looks_personal, words_of
from andon.sources.apis.client import Client
from andon.sources.apis.guess import Guess, guess

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Words of fields that say when a record changed.
_CHANGED = frozenset({"updated", "modified", "changed", "touched"})


class AddedApi(Document):
    """A source that was written.

    Attributes:
        dataset, file: what it is called, and where its file lies.
        host: who is asked.
        records: where an answer holds them, None: it is the list.
        pagination: how pages follow each other, None where nothing tells of more than one.
        key: a field that each record has once, as far as they came.
        cursor: a field that would tell what is new; written as a comment, since only the API's documentation says how to ask for it.
        personal: fields whose names say that they tell about a person; marked `pii`.
        fields, count: how many fields and records the first answer has.
        of: how many records there are, where the answer tells more than came.
    """

    dataset: str
    file: str
    host: str
    records: str | None
    pagination: str | None
    key: str | None
    cursor: str | None
    personal: tuple[str, ...]
    fields: int
    count: int
    of: int | None


def add_api(workspace: Workspace, url: str, name: str | None = None) -> AddedApi:
    """Write the source that asks `url`.

    Args:
        name: of the dataset.

    Raises:
        UsageError: `usage.bad_argument`, `usage.exists` where there is such a file.
        DatasetError: the API can't be reached, or answers with something else than records.
        MachineError: `machine.missing` where the library is not installed.
    """
    dataset, file = _named(workspace, url, name)
    rest = Rest(url, retries=1)
    with closing(Client(rest, lambda text: text, file, threading.Event())) as client:
        answer = client.get()
        try:
            body = json.loads(answer.body)
        except ValueError as error:
            raise client.failures.bad_answer("answers with what is no JSON") from error
    found = guess(body, answer.headers)
    if found is None or not found.fields:
        message = f"`{rest.host}` answers with no list of objects"
        hint = "add an address whose answer is a list of records, or holds one under a name"
        raise DatasetError("source.bad_answer", message, where=file, hint=hint)
    personal = tuple(field for field in found.fields if looks_personal(field))
    cursor = next((field for field in found.fields if _CHANGED & set(words_of(field))), None)
    text = _text(url, found, cursor, personal)
    for problem in (*read_rest(file, text).problems, *find_secrets(file, text)):
        raise UsageError("usage.bad_argument", problem.message, hint=problem.hint)
    make_folder((workspace.root / file).parent)
    write_whole(workspace.root / file, text.encode())
    records = ".".join(found.records) or None
    return AddedApi(
        dataset,
        file,
        rest.host,
        records,
        found.pagination,
        found.key,
        cursor,
        personal,
        len(found.fields),
        found.count,
        found.of,
    )


def _named(workspace: Workspace, url: str, name: str | None) -> tuple[str, str]:
    """The dataset that an address becomes, and its file.

    Raises:
        UsageError: `usage.bad_argument`, `usage.exists` where there is such a file.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError("usage.bad_argument", f"`{url[:60]}` is no address", hint="`https://host/path`") from error
    if "@" in parts.netloc or not parts.hostname:
        message = "the address names a user or a password" if parts.hostname else f"`{url}` is no address"
        raise UsageError("usage.bad_argument", message, hint="state the plain address; secrets stand in `auth`")
    dataset = name or f"{_plain(parts.hostname.removeprefix('api.').split('.')[0])}.{_plain(parts.path.split('/')[-1])}"
    schema, _, short = dataset.partition(".")
    if not (is_name_part(schema) and is_name_part(short)):
        raise UsageError("usage.bad_argument", f"`{dataset}` can't name a dataset", hint="name it: `--as schema.name`")
    for ending in (".yml", ".yaml", ".sql", ".py"):
        if (workspace.root / f"sources/{schema}/{short}{ending}").exists():
            hint = f"`--as {schema}.{short}_2` gives it another name"
            raise UsageError("usage.exists", f"`sources/{schema}/{short}{ending}` is there already", hint=hint)
    return dataset, f"sources/{schema}/{short}.yml"


def _text(url: str, found: Guess, cursor: str | None, personal: tuple[str, ...]) -> str:
    lines = ["kind: rest", f"url: {_yaml(url)}"]
    if found.records:
        lines.append(f"records: {_yaml('.'.join(found.records))}")
    if found.pagination is not None:
        lines.append(f"pagination: {found.pagination}")
    if found.total:
        lines.append(f"total: {_yaml('.'.join(found.total))}")
    if cursor is not None:
        lines.append(f"# cursor: {{field: {_yaml(cursor)}, param: …}}")
    if found.key is not None:
        lines.append(f"key: {_yaml(found.key)}")
    if personal:
        lines += ["columns:", *(f"  {_yaml(name)}: {{pii: true}}" for name in personal)]
    return "\n".join([*lines, ""])


def _yaml(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z_][\w./:?=&%+-]*", text) and not text.endswith(":") else json.dumps(text)


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()
