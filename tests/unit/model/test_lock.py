"""Locks as texts: what they pin, and what they were made for."""

from __future__ import annotations

import time

import pytest

from andon.model.lock import lock_digest, locked_for, read_lock

LOCK = """# inputs: abc
# made by: andon lock marts.made
# python: >=3.12
iniconfig==2.1.0 \\
    --hash=sha256:00
"""


def test_the_head_says_what_a_lock_was_made_from():
    assert locked_for(LOCK) == "abc"
    assert locked_for(LOCK.replace("\n", "\r\n")) == "abc"
    assert locked_for("iniconfig==2.1.0\n") is None


def test_the_digest_is_that_of_the_pins():
    other = LOCK.replace("marts.made", "marts.other").replace("\n", "\r\n")
    assert lock_digest(other) == lock_digest(LOCK)
    assert lock_digest(LOCK.replace("2.1.0", "2.1.1")) != lock_digest(LOCK)
    assert lock_digest("# x\na==1\n\n") == lock_digest("a==1\r\n")


HASH = "--hash=sha256:" + "0a" * 32
GOOD = [
    f"iniconfig==2.1.0 {HASH}",
    f"iniconfig==2.1.0 \\\n    {HASH} \\\n    {HASH}",
    f"numpy==2.4.6 ; python_full_version < '3.12' \\\n    {HASH}",
    f"numpy==2.4.6 ; (sys_platform == 'win32' and platform_machine != \"arm64\") or extra == 'a-b' {HASH}",
    f"torch==2.1.0+cpu {HASH}",
    f"old==1!2.0.post1 --hash=sha512:{'0a' * 64}",
    f"# a comment, even -r or @ file:///x\niniconfig==2.1.0 {HASH} # via x\r\n",
    f"zope.interface==7 {HASH}",
]
BAD = [
    f"evil @ file:///tmp/evil {HASH}",
    "evil @ file:///tmp/evil",
    f"evil@https://example.org/evil.tar.gz {HASH}",
    f"evil==1 @ file:///tmp/evil {HASH}",
    f"https://example.org/evil-1.tar.gz {HASH}",
    f"./evil {HASH}",
    f"/tmp/evil {HASH}",
    f"evil-1-py3-none-any.whl {HASH}",
    "git+https://example.org/evil.git@main",
    "file:///tmp/evil",
    "-e ./evil",
    "-e file:///tmp/evil",
    "--editable=./evil",
    "-r other.txt",
    "-rother.txt",
    "--requirement other.txt",
    "-c other.txt",
    "--index-url https://example.org/simple",
    "-i https://example.org/simple",
    "--extra-index-url=https://example.org/simple",
    "--find-links /tmp/evil",
    "-f /tmp/evil",
    "--no-index",
    "--no-binary :all:",
    "--pre",
    "--trusted-host example.org",
    "--config-settings x=y",
    f"iniconfig==2.1.0 {HASH} --index-url https://example.org",
    f"iniconfig==2.1.0 {HASH} --config-settings=a=b",
    f"iniconfig==2.1.0 {HASH} -r x",
    f"iniconfig==2.1.0 --index-url https://example.org {HASH}",
    f"iniconfig==2.1.0 ; python_version > '3' -r x {HASH}",
    f"iniconfig==2.1.0 ; python_version > '3 --index-url x' {HASH}",
    f"iniconfig==2.1.0 ; python_version > '$HOME' {HASH}",
    f"iniconfig==2.1.0 \\\n    {HASH} \\\n    -r other.txt",
    "# c \\\n-r other.txt",
    f"iniconfig==2.1.0 {HASH} # x\n-r other.txt",
    "#\r-r other.txt\niniconfig==2.1.0",
    "iniconfig==2.1.0",
    "iniconfig==2.1.0 --hash=md5:00",
    "iniconfig==2.1.0 --hash=sha256:",
    "iniconfig==2.1.0--hash=sha256:00",
    f"iniconfig>=2.1.0 {HASH}",
    f"iniconfig==2.* {HASH}",
    f"iniconfig===2.1.0 {HASH}",
    f"iniconfig==2.1.0,<3 {HASH}",
    f"iniconfig {HASH}",
    f"iniconfig[x]==2.1.0 {HASH}",
    f"${{EVIL}}==1 {HASH}",
    f"iniconfig==${{EVIL}} {HASH}",
    f"a==1 {HASH} b==2",
    f"a==1\x0b-r x {HASH}",
    f"a==1\u2028-r x {HASH}",
    f"a\u00a0==1 {HASH}",
    f"\ufeffa==1 {HASH}",
    "{x}",
    "\\",
    "a\\",
]


@pytest.mark.parametrize("text", GOOD)
def test_pins_with_hashes_are_read_line_by_line(text):
    pins, flaws = read_lock("# inputs: abc\n" + text)
    assert flaws == ()
    assert len(pins) == 1
    assert "\\" not in pins[0]
    assert "#" not in pins[0]
    assert pins[0].count("--hash=") == text.count("--hash=")


@pytest.mark.parametrize("text", BAD)
def test_all_else_is_a_flaw_with_its_line(text):
    pins, flaws = read_lock(f"# inputs: abc\n\nokay==1 {HASH}\n{text}\n")
    if text == "\\":
        assert flaws == ()
        return
    assert flaws
    assert all(flaw.line >= 4 and flaw.message for flaw in flaws)
    assert pins[0] == f"okay==1 {HASH}"
    assert not any(word in pin for pin in pins[1:] for word in ("-r", "@", "index", "/"))


def test_a_long_line_is_judged_at_once():
    began = time.process_time()
    for text in ("a==1 ; " + "(" * 200_000, "a==1 ; " + "a" * 200_000 + "!", "a" * 200_000, f"a==1 {HASH} " * 5_000):
        assert read_lock(text)[1]
    assert time.process_time() - began < 1
