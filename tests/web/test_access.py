"""Who may what: tokens, roles, scopes, and pages of other sites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from andon.errors import UsageError
from andon.web.access import require_safe_place
from andon.web.pages import all_pages
from andon.web.routes import all_endpoints
from kit.clones import FILES, Clone
from kit.serving import Client, Serving, serving

PEOPLE = '[people]\nana = "owner"\nben = "editor"\n"BI tool" = "reader"\n'


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that knows people."""
    clone = Clone(tmp_path_factory.mktemp("team") / "acme")
    clone.fill(FILES)
    clone.write("andon.toml", PEOPLE)
    clone.run()
    with serving(clone.root) as found:
        yield found


def _as(team: Serving, person: str, scope: str | None = None) -> Client:
    return team.client(team.service.tokens.create(person, scope).token)


def test_who_shows_nothing_sees_nothing(team: Serving) -> None:
    found = team.client().get("/datasets")
    assert (found.status, found.code) == (401, "access.unknown")
    assert "Bearer" in found.headers["WWW-Authenticate"]
    for endpoint in all_endpoints():
        path = endpoint.path.replace("{", "x").replace("}", "x").replace(":path", "")
        assert team.client().ask(endpoint.method, path).status == 401, endpoint.path
    for path in ("/metrics", "/api/v1/openapi.json", "/api/v1/calls/x/events"):
        assert team.client().get(path).status == 401
    assert team.client().get("/healthz").status == 200
    for page in all_pages():
        path = re.sub(r"{[^}]*}", "shop.orders", page.path)
        found = team.client().visit(path)
        assert (found.status, found.headers["Location"].partition("?")[0]) == (303, "/login"), path
        part = team.client().visit(path, **{"HX-Request": "true", "HX-Target": "div#main"})
        assert part.status == 401, path
        assert b"acme" not in found.data + part.data
    login = team.client().visit("/login")
    assert (login.status, login.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"acme" not in login.data


@pytest.mark.parametrize(
    ("person", "scope", "may"),
    [
        ("ana", None, "owner"),
        ("ana", "edit", "editor"),
        ("ana", "read", "reader"),
        ("ben", None, "editor"),
        ("ben", "read", "reader"),
        ("BI tool", None, "reader"),
    ],
)
def test_each_route_asks_for_its_role(team: Serving, person: str, scope: str | None, may: str) -> None:
    client = _as(team, person, scope)
    assert client.get("/me").document["role"] == may
    order = ["reader", "editor", "owner"]
    for endpoint in all_endpoints():
        path = endpoint.path.replace("{", "x").replace("}", "x").replace(":path", "")
        if order.index(endpoint.role) > order.index(may):
            found = client.ask(endpoint.method, path, {} if endpoint.body else None)
            assert (found.status, found.code) == (403, "access.denied"), endpoint.path
    assert client.get("/datasets").status == 200
    created = client.post("/branches", {"name": f"of-{may}-{scope}-{person.replace(' ', '')}"})
    assert created.status == (403 if may == "reader" else 201)


def test_what_a_person_does_carries_their_name(team: Serving) -> None:
    client = _as(team, "ben")
    client.post("/branches", {"name": "aside"})
    done = client.post("/runs", {"agreed": "any", "branch": "aside", "force": True, "message": "forced"})
    assert done.document["published"] is True
    saved = client.post(
        "/datasets", {"name": "marts.of_ben", "sql": "select 1 as one", "branch": "aside", "agreed": "any"}
    )
    assert saved.document["published"] is True
    newest = client.get("/commits?at=aside").document[0]
    assert newest["author"] == "ben"
    client.post("/queries", {"sql": "select 40 + 2 as n"})
    asked = team.service.workspace.query_log.newest(1)[0]
    assert (asked.who, asked.face, asked.sql) == ("ben", "http", "select 40 + 2 as n")


def test_a_token_is_known_by_its_hash_alone(team: Serving) -> None:
    made = team.service.tokens.create("ben")
    stored = str(team.service.workspace.lake.database.query("select * from token where id = ?", [made.id]))
    assert made.token[-43:] not in stored
    shown = _as(team, "ana").get("/tokens")
    assert made.token[-43:] not in shown.data.decode()


def test_a_secret_is_told_to_nobody_but_who_asks(team: Serving) -> None:
    ana = _as(team, "ana")
    made = ana.post("/tokens", {"person": "ana"})
    assert (made.status, "Andon-Call" in made.headers) == (201, False)
    again = ana.post("/tokens", {"person": "ana"}, **{"Idempotency-Key": "one-token"})
    assert (again.status, again.code, again.document["where"]) == (400, "usage.bad_argument", "Idempotency-Key")
    # rows of a database that only editors may ask
    _as(team, "ben").post("/live-queries", {"connection": "shop", "sql": "select 1"})
    reader = _as(team, "BI tool")
    reader_sees = reader.get("/calls")
    assert [
        call["verb"] for call in reader_sees.document if call["verb"] in ("POST /tokens", "POST /live-queries")
    ] == []
    assert made.document["token"] not in reader_sees.data.decode()
    assert team.service.workspace.lake.database.query("select body from answered_call where id = 'one-token'") == []


def test_a_token_that_is_taken_back_is_taken_back_at_once(team: Serving) -> None:
    made = team.service.tokens.create("ben")
    client = team.client(made.token)
    assert client.get("/me").status == 200
    assert _as(team, "ana").delete(f"/tokens/{made.id}").document["revoked"] is True
    assert (client.get("/me").status, client.get("/me").code) == (401, "access.unknown")


@pytest.mark.parametrize("change", ["secret", "id", "prefix", "empty", "cut", "longer"])
def test_a_token_that_is_nearly_right_is_wrong(team: Serving, change: str) -> None:
    token = team.service.tokens.create("ana").token
    head, id, secret = token.split("_", 2)
    other = "A" if secret[0] != "A" else "B"
    wrong = {
        "secret": f"{head}_{id}_{other}{secret[1:]}",
        "id": f"{head}_00000000_{secret}",
        "prefix": f"andom_{id}_{secret}",
        "empty": "",
        "cut": token[:-1],
        "longer": token + "x",
    }[change]
    assert team.client(wrong).get("/me").status == 401


def test_a_token_ends_at_its_time(team: Serving) -> None:
    workspace = team.service.workspace
    made = team.service.tokens.create("ben", expires="1h")
    clock = workspace._adapters.clock
    try:
        workspace._adapters.clock = lambda: datetime.now(UTC) + timedelta(minutes=59)
        assert team.client(made.token).get("/me").status == 200
        workspace._adapters.clock = lambda: datetime.now(UTC) + timedelta(minutes=61)
        found = team.client(made.token).get("/me")
        assert (found.status, found.code) == (401, "access.unknown")
    finally:
        workspace._adapters.clock = clock


@pytest.mark.parametrize(
    ("person", "scope", "expires"),
    [
        ("cleo", None, "90d"),
        ("BI tool", "edit", "90d"),
        ("ben", "admin", "90d"),
        ("ben", None, "soon"),
        ("ben", None, "99999y"),
    ],
)
def test_a_token_that_can_not_be_is_refused(team: Serving, person: str, scope: str | None, expires: str) -> None:
    with pytest.raises(UsageError) as wrong:
        team.service.tokens.create(person, scope, expires)
    assert wrong.value.hint


def test_pages_are_known_by_a_cookie_that_scripts_do_not_see(team: Serving) -> None:
    token = team.service.tokens.create("ben").token
    client = team.client()
    refused = client.post("/session", {"token": token[:-1]})
    assert refused.status == 401
    given = client.post("/session", {"token": token})
    cookie = given.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    shown = cookie.partition(";")[0]
    assert client.get("/me", Cookie=shown).document["person"] == "ben"
    gone = client.delete("/session", Cookie=shown)
    assert 'andon_token=""' in gone.headers["Set-Cookie"]


#: What a browser sends when a page of another site asks, and how the server is called by somebody's trick.
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:7411"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.nip.io"},
    {"Host": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_pages_of_other_sites_are_refused(looking: Serving, method: str, headers: dict[str, str]) -> None:
    path = {"GET": "/datasets", "POST": "/branches", "DELETE": "/branches/main"}[method]
    body = {"name": "evil"} if method == "POST" else None
    found = looking.client().ask(method, path, body, headers)
    assert found.status in (400, 403)
    if found.status == 403:
        assert found.code == "access.cross_site"


def test_a_form_of_another_site_is_no_document(looking: Serving) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        found = looking.client().ask("POST", "/branches", raw=b'{"name": "evil"}', headers={"Content-Type": kind})
        assert (found.status, found.code) == (400, "usage.bad_argument")
    assert "evil" not in {b["name"] for b in looking.client().get("/branches").document}


def test_own_pages_and_links_from_elsewhere_are_let_in(looking: Serving) -> None:
    client = looking.client()
    host = looking.address.removeprefix("http://")
    assert client.get("/datasets", **{"Origin": looking.address, "Sec-Fetch-Site": "same-origin"}).status == 200
    assert client.get("/datasets", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status == 200
    assert client.get("/datasets", Host=host.replace("localhost", "127.0.0.1")).status == 200
    assert client.get("/datasets", Host=host.replace("localhost", "[::1]")).status == 200


def test_a_name_is_known_when_it_is_listed(tmp_path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", '[server]\nnames = "data.example.com, lake.example.com"\n')
    with serving(clone.root) as server:
        assert server.client().get("/datasets", Host="lake.example.com").status == 200
        assert server.client().get("/datasets", Host="other.example.com").status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "data.example.com"])
def test_nobody_is_served_in_public_without_people(host: str, team: Serving) -> None:
    with pytest.raises(UsageError) as refused:
        require_safe_place(host, {})
    assert refused.value.code == "access.no_people"
    require_safe_place(host, team.service.workspace.people)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_at_the_machine_itself_nobody_need_be_named(host: str) -> None:
    require_safe_place(host, {})


def test_answers_carry_what_keeps_pages_safe(looking: Serving) -> None:
    for path in ("/datasets", "/nothing", "/healthz"):
        headers = looking.client().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_lake_that_can_only_be_read_is_served_so(tmp_path, monkeypatch) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    monkeypatch.setattr("andon.base.sqlite.may_write", lambda path: False)
    with serving(clone.root) as server:
        client = server.client()
        assert client.get("").document["is_read_only"] is True
        assert client.post("/queries", {"sql": "from marts.count"}).document["rows"] == [[3]]
        refused = client.post("/branches", {"name": "try"}, **{"Idempotency-Key": "k"})
        assert (refused.status, refused.code) == (403, "machine.read_only")
        assert client.post("/branches", {"name": "try"}).code == "machine.read_only"
