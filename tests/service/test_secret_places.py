"""A secret inside of a storage path would be told by every place that is shown: such a setting is refused, and says nothing of it."""

from __future__ import annotations

import pytest

from andon.errors import UsageError

SECRET = "hunter2-of-the-store"


@pytest.mark.parametrize("setting", ["STORAGE", "CATALOG"])
@pytest.mark.parametrize(
    "value",
    [
        f"lake;password={SECRET}",
        f"lake?token={SECRET}",
        f"//ana:{SECRET}@host/lake",
        f"file://ana:{SECRET}@host/lake",
        f"s3://ana:{SECRET}@bucket/lake",
        "${file:secret.txt}",
    ],
)
def test_a_path_with_a_secret_is_refused_and_not_told(project, setting, value, monkeypatch):
    monkeypatch.chdir(project.root)
    project.write("secret.txt", SECRET)
    project.environ[f"ANDON_{setting}"] = value
    with pytest.raises(UsageError) as caught:
        project.run()
    assert caught.value.code in ("usage.bad_argument", "usage.not_yet")
    assert SECRET not in repr(caught.value.to_json())
    assert not list(project.root.glob(f"**/*{SECRET}*"))
