"""Locks as texts: what they pin, and what they were made for."""

from __future__ import annotations

from andon.model.lock import lock_digest, locked_for

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
