"""`andon.connect` where something else answers, or the connection is lost: it is told, or taken up again, never half."""

from __future__ import annotations

import socket
import threading

import pyarrow as pa  # noqa: TID253 - what a server sends is made here
import pytest

import andon
from andon.errors import MachineError, UsageError
from andon.python.server_link import ServerLink
from kit.clones import Clone
from kit.serving import Serving

ME = b'{"person": "ana", "role": "owner", "token": null}'


def _reply(body: bytes, *more: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class _Other:
    """Something that listens and says these bytes, one after the other, the last again and again."""

    def __init__(self, *said: bytes) -> None:
        self._said = list(said)
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            talk, _ = self._socket.accept()
            with talk:
                self.heard.append(talk.recv(65536))
                talk.sendall(self._said.pop(0) if len(self._said) > 1 else self._said[0])


HTML = _reply(b"<html>please log in</html>", "Content-Type: text/html")
OTHERS = {
    "a page": HTML,
    "a redirect": _reply(b"", "Location: http://127.0.0.1:1/", status="302 Found"),
    "a list": _reply(b"[1]"),
    "another document": _reply(b'{"a": 1}'),
    "a part": _reply(b'{"person"'),
    "no text": _reply(b'{"person": "\xff"}'),
    "nothing": _reply(b"", status="204 No Content"),
    "brackets": _reply(b"[" * 100_000),
    "a problem of somebody else": _reply(b'{"code": "usage.exists", "problems": [{}]}', status="400 Bad"),
    "a strange problem": _reply(b'{"code": "usage.exists", "details": [1, 2]}', status="400 Bad"),
    "no HTTP": b"\x00\x01\x02 lala\r\n\r\n",
    "a cut": _reply(ME, length=500),
}


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_what_is_no_server_is_told_as_that(said: bytes) -> None:
    with pytest.raises(MachineError) as told:
        andon.connect(_Other(said).url, timeout=2)
    assert told.value.code == "machine.server"


def test_what_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MachineError) as told:
        andon.connect(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
    assert told.value.code == "machine.server"


@pytest.mark.parametrize("url", ["", "localhost:7411", "ftp://x", "http://[", "http://ana:hunter2@127.0.0.1:1"])
def test_what_is_no_address_is_told_without_its_secret(url: str) -> None:
    with pytest.raises(UsageError) as told:
        andon.connect(url)
    assert "hunter2" not in str(told.value)


def _arrow(types: bool) -> bytes:
    table = pa.table({"a": list(range(1000))})
    if types:
        table = table.replace_schema_metadata({"andon.types": '["BIGINT"]'})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue().to_pybytes()


HEAD = ("Andon-Commit: abc", "Andon-Seconds: 0.1")


@pytest.mark.parametrize(
    "said",
    [
        HTML,
        OTHERS["a redirect"],
        _reply(_arrow(types=True)),
        _reply(_arrow(types=False), *HEAD),
        _reply(_arrow(types=True)[:-500], *HEAD),
        _reply(_arrow(types=True)[:-500], *HEAD, length=len(_arrow(types=True))),
        _reply(b"", *HEAD),
    ],
)
def test_half_an_answer_is_none(said: bytes) -> None:
    with pytest.raises(MachineError) as told:
        andon.connect(_Other(_reply(ME), said).url).sql("select 1").fetch()
    assert told.value.code == "machine.server"


def test_a_value_that_can_not_be_sent_is_told() -> None:
    lake = andon.connect(_Other(_reply(ME)).url)
    with pytest.raises(UsageError, match="`bytes`"):
        lake.sql("select ?", [b"ab"])


def test_what_is_lost_on_its_way_is_asked_for_again_by_the_same_id() -> None:
    other = _Other(_reply(ME), _reply(b'{"da', length=50), _reply(b'{"dataset": "a"}'))
    link = ServerLink(other.url, None, 2)
    link.get("/me")
    assert link.post("/undos", {}) == {"dataset": "a"}
    ids = [line for heard in other.heard[1:] for line in heard.split(b"\r\n") if line.startswith(b"Idempotency-Key")]
    assert (len(ids), len(set(ids))) == (2, 1)


def test_events_are_taken_up_again_where_they_were_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("andon.python.server_link._WAITS", (0.0, 0.0))

    def events(*numbers: int, rest: str = "") -> bytes:
        text = "".join(f'id: {n}\nevent: notice\ndata: {{"n": {n}}}\n\n' for n in numbers) + rest
        return text.encode()

    end = 'id: 4\nevent: answer\ndata: {"n": 4}\n\n'
    parts = [_reply(events(1, 2), length=999), _reply(events(1, 2, 3)), _reply(events(1, 2, 3, rest=end))]
    link = ServerLink(_Other(*parts).url, None, 2)
    link._has_answered = True
    told = list(link.follow("/runs", {}))
    assert told == [("notice", {"n": 1}), ("notice", {"n": 2}), ("notice", {"n": 3}), ("answer", {"n": 4})]
    silent = ServerLink(_Other(_reply(events(1))).url, None, 2)
    with pytest.raises(MachineError, match="stopped telling"):
        list(silent.follow("/runs", {}))
    wrong = ServerLink(_Other(HTML).url, None, 2)
    with pytest.raises(MachineError, match="stopped telling"):
        list(wrong.follow("/runs", {}))


def test_an_error_among_events_is_that_of_the_folder(own: tuple[Clone, Serving]) -> None:
    lake = andon.connect(own[1].address)
    own[0].write("datasets/marts/more.sql", "select 1 as n")
    with pytest.raises(UsageError) as told:
        lake.run(yes=False, report=lambda *_: None)
    assert told.value.code == "usage.confirmation_needed"
    assert told.value.details["digest"]
