"""Who asks a bucket, where no connection says it: the environment, a profile, the role of an instance or a container. Each key is the one
of the server, and on one that checks who asks (`make test-s3-auth`) no other one lets in; nothing of them is kept or told."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from andon.errors import MachineError, UsageError
from kit.clones import FILES, Clone
from kit.instance_roles import RoleServer, role_server
from kit.remote import TOKEN, Bucket

_numbers = itertools.count(1)
KEYS = f"aws_access_key_id = k\naws_secret_access_key = {TOKEN}\n"


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "whoasks")


@pytest.fixture
def shop(tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A project in a bucket of which only the server is known."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # the one of a machine that has none
    clone = Clone(tmp_path / "acme", environ={"AWS_ENDPOINT_URL": bucket.server.url})
    clone.fill({**FILES, "andon.toml": f'storage = "{bucket.url(f"shop{next(_numbers)}")}"\n'})
    return clone


@pytest.fixture
def roles(shop: Clone) -> Iterator[RoleServer]:
    with role_server("k", TOKEN) as server:
        yield server


def works(shop: Clone) -> bool:
    """Written, and read in another place."""
    assert shop.run().published
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert shop.refresh().published
    with shop.opened() as service:
        found = service.verifying.verify(all=True)
    secret = [
        path
        for path in shop.root.rglob("*")
        if path.is_file() and ".aws" not in path.parts and TOKEN.encode() in path.read_bytes()
    ]
    return found.damaged == [] and not secret and shop.ask("select sum(amount) from shop.orders") == [(42,)]


def test_a_key_in_the_environment_is_taken(shop):
    shop.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": TOKEN}
    assert works(shop)


def test_without_a_name_the_default_profile_is_taken(shop):
    shop.write(".aws/credentials", f"[default]\n{KEYS}[other]\naws_access_key_id = x\naws_secret_access_key = x\n")
    assert works(shop)


def test_of_a_named_profile_key_region_and_server_are_taken(shop, bucket):
    shop.environ = {"AWS_PROFILE": "team a"}
    shop.write(
        ".aws/config",
        f"[default]\nregion = nowhere\n[profile team a]\nregion = us-east-1\nendpoint_url = {bucket.server.url}\n",
    )
    shop.write(".aws/credentials", f"[default]\naws_access_key_id = x\naws_secret_access_key = x\n[team a]\n{KEYS}")
    assert works(shop)


def test_profiles_are_read_where_the_environment_says_and_keys_of_either_file_are_taken(shop, tmp_path):
    (tmp_path / "c.ini").write_text(f"[profile team]\n{KEYS}")
    shop.environ |= {
        "AWS_PROFILE": "team",
        "AWS_CONFIG_FILE": str(tmp_path / "c.ini"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no"),
    }
    assert works(shop)


def test_a_key_in_the_environment_comes_before_a_profile(shop):
    shop.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": TOKEN, "AWS_PROFILE": "nowhere"}
    assert works(shop)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".aws/credentials": f"[other]\n{KEYS}"},
        {".aws/config": "[profile other]\nregion = x\n"},
        {".aws/config": "not an ini"},
    ],
)
def test_a_profile_that_is_not_there_is_said_and_no_other_one_is_taken(shop, roles, monkeypatch, files):
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", roles.url)
    shop.fill(files)
    shop.environ |= {"AWS_PROFILE": "team"}
    with pytest.raises(UsageError, match="profile `team`") as caught:
        shop.run()
    assert caught.value.hint
    assert roles.given == 0


@pytest.mark.parametrize(
    "said",
    [
        "role_arn = arn:aws:iam::1:role/x\nsource_profile = other",
        f"{KEYS}role_arn = arn:aws:iam::1:role/x\nsource_profile = team",
        "sso_session = corp\nsso_account_id = 1",
        "credential_process = /bin/echo",
    ],
)
def test_a_profile_that_is_known_by_another_way_is_refused(shop, roles, monkeypatch, said):
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", roles.url)
    shop.write(".aws/config", f"[profile team]\n{said}\n")
    shop.environ |= {"AWS_PROFILE": "team"}
    with pytest.raises(UsageError, match="profile `team`") as caught:
        shop.run()
    assert "export-credentials --profile team" in (caught.value.hint or "")
    assert TOKEN not in str(caught.value)
    assert roles.given == 0


def test_an_instance_asks_by_its_role(shop, roles, monkeypatch):
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", roles.url)
    assert works(shop)
    assert roles.given


def test_a_role_whose_key_ends_is_asked_for_a_new_one(shop, roles, monkeypatch):
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", roles.url)
    roles.lasts = timedelta(seconds=2)
    assert works(shop)
    with shop.opened() as service:
        service.verifying.verify(all=True)
        before, end = roles.given, time.monotonic() + 60
        while roles.given == before:  # the same connection asks until its key is over
            assert time.monotonic() < end
            assert service.verifying.verify(all=True).damaged == []
    assert roles.given > before


def test_a_container_asks_by_its_role(shop, roles, monkeypatch, tmp_path):
    (tmp_path / "token").write_text(roles.token)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{roles.url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    assert works(shop)
    assert roles.given


def test_nobody_at_all_is_told_as_that(shop):
    with pytest.raises(MachineError) as caught:
        shop.run()
    assert caught.value.code == "machine.storage"
    assert "AWS_" in f"{caught.value.message} {caught.value.hint}"
