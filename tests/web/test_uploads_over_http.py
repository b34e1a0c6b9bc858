"""Files that are sent: by many at once, twice by one id, under any name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from andon.base.temporary import system_place
from kit.clones import Clone
from kit.serving import Client, Reply, Serving

LEADS = b"id,name\n1,ada\n"


def _send(client: Client, name: str, data: bytes = LEADS, **headers: str) -> Reply:
    place = f"/uploads?dataset=crm.leads&agreed=any&name={quote(name, safe='')}"
    return client.ask("POST", place, headers=headers, raw=data)


def _ids(client: Client) -> list[int]:
    rows = client.post("/queries", {"sql": "select id from crm.leads order by id"}).document["rows"]
    return [row[0] for row in rows]


def _files(clone: Clone) -> set[str]:
    return {str(p.relative_to(clone.root)) for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts}


def _folders_on_their_way() -> set[Path]:
    return set(system_place().glob("andon-upload-*"))


def test_many_who_send_files_for_one_dataset_at_once_are_all_published(own: tuple[Clone, Serving]) -> None:
    """The first of them writes the source; a run of the whole folder comes in between."""
    clone, server = own
    client = server.client()

    def one(number: int) -> Reply:
        if number == 3:
            return client.post("/runs", {"agreed": "any"})
        return _send(client, f"of-{number}.csv", f"id,name\n{number},x\n".encode())

    with ThreadPoolExecutor(6) as pool:
        told = dict(enumerate(pool.map(one, range(6))))
    del told[3]  # it may meet a file that is being laid, and says so
    assert {number: reply.data for number, reply in told.items() if reply.status != 200} == {}
    assert _ids(client) == [0, 1, 2, 4, 5]
    assert client.get("/status").document["changed"] == []
    assert not any(name.rpartition("/")[2].startswith(".") for name in _files(clone))


def test_a_file_whose_answer_was_lost_is_published_once(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client, key = server.client(), {"Idempotency-Key": "leads"}
    before = _folders_on_their_way()
    first = _send(client, "may.csv", **key)
    assert first.document["published"] is True
    assert _send(client, "may.csv", **key).data == first.data
    files = _files(clone)
    with server.service.workspace.lake.database.write() as transaction:
        assert transaction.execute("update answered_call set status = null, body = null") == 1
    server.application.calls._calls.clear()
    again = _send(client, "may.csv", **key)
    assert (again.status, again.document["published"]) == (200, True)
    assert again.document["commit"] == first.document["commit"]
    assert _files(clone) == files
    assert _folders_on_their_way() == before


@pytest.mark.parametrize("name", ["é" * 200 + ".csv", "x" * 5000 + ".csv", "../../etc/leads.csv", "a\r\nb\0.csv"])
def test_a_file_may_be_called_anything(own: tuple[Clone, Serving], name: str) -> None:
    clone, server = own
    before = _files(clone)
    assert _send(server.client(), name).status == 200
    made = _files(clone) - before
    assert {Path(path).parent.as_posix() for path in made} == {"raw/uploads/crm/leads", "sources/crm"}
