"""What looks like a secret is refused; what only looks similar is not."""

from __future__ import annotations

import time

import pytest

from andon.project.files.secrets import find_secrets
from kit.projects import load_texts

# Written in parts, so that nothing here is taken for a secret by other programs that look for them.
SECRETS = [
    ("a.sql", "select '" + "ghp_" + "0123456789abcdefghijABCDEFGHIJ0123456789'"),
    ("a.sql", "select '" + "AKIA" + "QZ7XW3NP5RTVK2LM'"),
    ("a.sql", "attach '" + "postgres://ana:" + "hunter2@db/x'"),
    ("a.sql", "select 'host=db " + "password=" + "hunter2 user=x'"),
    ("a.sql", "create secret (type s3, secret " + "'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')"),
    ("a.toml", "password = " + '"hunter22"'),
    ("a.toml", "db_password = " + '"swordfish"'),
    ("a.toml", "api_key = " + '"a8F3kd93KDk29dkK2lsl"'),
    ("a.md", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ("a.py", "hook = 'https://hooks.slack.com/services/" + "T0000/B0000/abcdef123456'"),
    ("a.py", "PASSWORD = " + '"s3cr3tpw"'),
    ("a.py", '{"secret_key": ' + '"AbCd1234EfGh5678IjKl"}'),
    ("a.py", "key = 'sk-" + "proj-abcdEFGH1234567890abcd'"),
    ("a.yml", "api_token: " + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.yml", "x: eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4"),
]

HARMLESS = [
    ("a.sql", "select password, token from x where password = 'forgotten'"),
    ("a.sql", "select md5('abc') as token, '" + "ab12" * 16 + "' as sha"),
    ("a.sql", "select * from read_csv('x.csv', columns = {'password': 'VARCHAR', 'token': 'TEXT'})"),
    ("a.sql", "/*---\ncolumns:\n  password: Hash of it\n  token: 'a token'\nkey: customer_id\n---*/"),
    ("a.sql", "select * from x where email like '%://%:%@%' and u = 'https://example.com:8080/x@y'"),
    ("a.sql", "select * from x where password=y.password_of_another_table"),
    ("a.toml", 'password = "${env:PG_PASSWORD}"'),
    ("a.toml", 'catalog = "postgresql://ana:${env:PW}@db/x"'),
    ("a.toml", 'token = "${file:/run/secrets/x}"'),
    ("a.toml", 'password = "********"'),
    ("a.py", 'password = os.environ["PASSWORD"]'),
    ("a.py", 'token = "next"'),
    ("a.yml", "secret: ${env:X}\ntoken: 5\nkey: customer_id"),
    ("x.lock.txt", "scipy==1 --hash=sha256:" + "ab12" * 16),
]


@pytest.mark.parametrize(("path", "text"), SECRETS)
def test_secrets(path: str, text: str) -> None:
    problems = find_secrets(path, f"\n{text}\n")
    assert [(p.code, p.line) for p in problems] == [("project.secret", 2)]
    assert "${env:" in (problems[0].hint or "")
    assert problems[0].excerpt is None


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_is_no_secret(path: str, text: str) -> None:
    assert find_secrets(path, text) == []


def test_every_code_file_is_looked_at() -> None:
    text = "x = '" + "AKIA" + "QZ7XW3NP5RTVK2LM'\n"
    paths = ["analyses/a.py", "modules/a.py", "tests/a.yml", "datasets/README.md", "playbooks.yml"]
    found = load_texts({path: text if path.endswith((".py", ".md")) else f"a: |\n  {text}" for path in paths}).problems
    assert {p.file for p in found if p.code == "project.secret"} == set(paths)


def test_a_long_text_does_not_take_long() -> None:
    began = time.process_time()
    find_secrets("a.sql", "token_" + "a_b" * 50_000)
    find_secrets("a.sql", "token " + "://a" * 20_000 + "@")
    assert time.process_time() - began < 2
