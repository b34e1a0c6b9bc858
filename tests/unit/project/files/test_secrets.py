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
    ("a.toml", 'url = "sc://spark.example.com:15002/;' + 'token=abc"'),
    ("a.toml", 'url = "sc://spark.example.com:15002/;use_ssl=true;' + 'token=dose0815;user_id=ana"'),
    ("a.toml", "db_password = " + '"swordfish"'),
    ("a.toml", "api_key = " + '"a8F3kd93KDk29dkK2lsl"'),
    ("a.md", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ("a.py", "hook = 'https://hooks.slack.com/services/" + "T0000/B0000/abcdef123456'"),
    ("a.py", "PASSWORD = " + '"s3cr3tpw"'),
    ("a.py", '{"secret_key": ' + '"AbCd1234EfGh5678IjKl"}'),
    ("a.py", "key = 'sk-" + "proj-abcdEFGH1234567890abcd'"),
    ("a.yml", "api_token: " + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.sql", "-- password: " + "hunter2"),
    ("a.sql", "-- the password is `" + "hunter2`"),
    ("a.sql", "-- Password (prod): " + "hunter2"),
    ("a.sql", "-- pw: " + "hunter2"),
    ("a.sql", "-- Passwort: " + "hunter2"),
    ("a.sql", "-- token: " + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.sql", "-- the api key is " + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.py", "# api_key=" + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.py", '"""Load it. ' + "password: " + 'hunter2"""'),
    ("a.toml", "# token = " + "Zm9vYmFyYmF6MTIzNDU2Nzg5"),
    ("a.sql", "select 1 as x -- the old password = " + "hunter2, ask Ben"),
    ("a.sql", "/* db_password: " + "hunter2 */ select 1"),
    ("a.sql", "/* PGPASSWORD=" + "s3cret!x psql */"),
    ("a.sql", "/*--- db_pwd: " + "hunter2 ---*/"),
    ("a.sql", "select 'it''s' -- password => " + "Tr0ub4dor&3"),
    ("a.py", "x = 1  # password: " + "hunter2"),
    ("a.toml", "# db.passwd = " + "hunter2"),
    ("a.yml", "password: " + "hunter2"),
    ("a.yml", "- {user: ana, password: " + "hunter2}"),
    ("a.yml", "# password = " + "hunter2"),
    ("a.yml", "smtp_secret: " + "hunter2  # old"),
    ("a.yml", "password: " + "12345678"),
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
    ("a.toml", 'url = "sc://spark.example.com:15002/;use_ssl=true;token=${env:SPARK_TOKEN}"'),
    (
        "a.sql",
        "-- password_reset_at: when2; password_hash = md5(x1)\nselect password_reset_at, pwd_2 from x.y where secret_id = t2.id",
    ),
    ("a.sql", "-- the first pass: step1 of it; the password is checked by whom, upward: step2x"),
    ("a.py", "password = var1x\nx = 'password: abc12'"),
    ("a.sql", "-- a token is 16 characters, access_token: see columns_of_the_table_2"),
    ("a.sql", "-- password: required\n-- password: see vault-2 of the team\n-- where a.password = b.password"),
    ("a.sql", "-- password = p.password_hash\n-- password = new_password\n-- secret: yes"),
    ("a.sql", "-- and password = :given1\n-- and password = $password1 or password = ?1x2"),
    ("a.sql", "select 1 where password = hunter2"),
    ("a.sql", "select '-- password: x' || 'abc1'"),
    ("a.sql", "/*---\ncolumns:\n  password: hashed\n  password_reset_at: last2\n  pwd: VARCHAR\n---*/"),
    ("a.yml", "password: hashed\npassword_reset_at: 2024-01-01\nsecret: none\npwd: db-main\npassword: ${env:PW1}"),
    ("a.yml", "description: the password of ana1, a secret2"),
    ("a.py", "password = os.environ1[x]\nsecret = compute1(x)"),
    ("a.md", "Ask Ben for the password: it is in the vault."),
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


_LONG = 200_000
LONG = [
    "token_" + "a_b" * 70_000,
    "token " + "://a" * 50_000 + "@",
    "select '" + "a" * _LONG + "' as x -- :// @ token",
    "select '" + "ab1" * 70_000 + "://' || '@', password",
    "password=" * 25_000 + "'",
    "'password=abc " * 15_000,
    "password" + " " * _LONG + "'",
    "password " * 25_000,
    "password: " * 20_000,
    "password: hunter2 " * 11_000,
    "password: hunter2\n" * 11_000,
    "-- password: hunter2\n" * 10_000,
    "eyJ" * 70_000,
    "-eyJ" * 50_000,
    "-eyJaaaaaaaaaa." * 14_000,
    "sk-" * 70_000,
    "_sk-a" * 40_000,
    "glpat-" * 34_000,
    "-----BEGIN " + "A" * _LONG + "-----BEGIN" * 100,
    "-----BEGIN " * 18_000 + "PRIVATE",
    "x" * _LONG + "://user:pass@",
    "a+b." * 50_000 + "://user:pw1@ token",
    "postgres://" + "u" * _LONG + ":p@ token",
    "postgres://u:" + "p" * _LONG + " token @",
    "password = '${env:" + "${env:" * 30_000 + "'",
    "/*" * 100_000 + "password: x1y2z3",
    "$a$" * 70_000 + "password: x1y2z3",
    "-- " + "'" * _LONG + " password: x1y2z3",
    "secret." * 28_000 + ": x1y2z3",
    "a_" * 90_000 + "secret: x1y2z3",
    "token: " + "a1B" * 70_000,
    "hooks.slack.com/services/T" * 8_000,
    "and " * 200_000 + "password",
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:24])
def test_a_long_text_does_not_take_long(text: str) -> None:
    shorter = text[: len(text) // 4] + text[-30:]  # some 50,000 characters, for which what is quadratic takes seconds
    began = time.process_time()
    for path in ("a.sql", "a.yml", "a.py"):
        find_secrets(path, shorter)
    assert time.process_time() - began < 0.6
