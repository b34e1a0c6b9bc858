"""Settings: order of places, types, references, and where a value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.errors import UsageError
from andon.settings.resolve import resolve, user_file, user_values
from andon.settings.table import BY_NAME, SETTINGS, convert


def test_defaults_are_of_their_types() -> None:
    settings = resolve({}, {}, {}, {})
    for setting in SETTINGS:
        assert settings.get(setting.name) == setting.default == convert(setting, setting.default)
        assert settings.origin(setting.name) == "default"
        assert setting.help.endswith(".")
    assert len(BY_NAME) == len(SETTINGS)


def test_the_nearest_place_wins() -> None:
    project = {"storage": "project", "catalog": "project", "author": "project", "engine": {"threads": 2}}
    user = {"storage": "user", "catalog": "user", "author": "user", "branch": {"default": "user"}}
    environ = {"ANDON_STORAGE": "env", "ANDON_CATALOG": "env", "HOME": "/home/ana"}
    settings = resolve({"storage": "flag"}, environ, project, user)
    found = {name: (value, origin) for name, value, origin in settings.items()}
    assert found["storage"] == ("flag", "--storage")
    assert found["catalog"] == ("env", "ANDON_CATALOG")
    assert found["author"] == ("project", "andon.toml")
    assert found["branch.default"] == ("user", "/home/ana/.config/andon/config.toml")
    assert found["engine.threads"] == (2, "andon.toml")
    assert found["run.parallel"] == (0, "default")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("ANDON_ENGINE_THREADS", "4", "engine.threads", 4),
        ("ANDON_ENGINE_WIDE_ABOVE", "1.5GB", "engine.wide_above", 1_500_000_000),
        ("ANDON_PUBLISH_CHANGE", "healthy", "publish.change", "healthy"),
    ],
)
def test_the_environment_gives_typed_values(variable: str, text: str, name: str, value: object) -> None:
    assert resolve({}, {variable: text}, {}, {}).get(name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ANDON_ENGINE_THREADS", "many"),
        ("ANDON_PUBLISH_CHANGE", "x"),
        ("ANDON_ENGINE_THREADS", "-1"),
    ],
)
def test_a_bad_value_names_its_place(variable: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve({}, {variable: text}, {}, {})
    assert caught.value.where == variable
    assert text in caught.value.message


def test_an_unknown_flag_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="storag"):
        resolve({"storag": "x"}, {}, {}, {})


def test_variables_that_look_like_settings_are_told() -> None:
    notices = resolve({}, {"ANDON_STORAGES": "x", "ANDON_DEBUG": "1", "PATH": "/bin"}, {}, {}).notices
    assert len(notices) == 1
    assert "ANDON_STORAGE`?" in notices[0]


def test_references_are_resolved_when_used_and_never_listed(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    text = f"postgresql://ana:${{env:PW}}@db/x?key=${{file:{secret}}}"
    settings = resolve({}, {"PW": "hunter2"}, {"catalog": text}, {})
    assert settings.get("catalog") == "postgresql://ana:hunter2@db/x?key=s3cret"
    listed = {name: value for name, value, _ in settings.items()}["catalog"]
    assert "hunter2" not in str(listed)
    assert "s3cret" not in str(listed)
    for bad in ("${env:NOTHING}", "${file:/nothing/here}"):
        with pytest.raises(UsageError, match="catalog"):
            resolve({}, {}, {"catalog": bad}, {}).get("catalog")


def test_the_users_file(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert user_values(environ) == {}
    assert user_values({}) == {}
    file = user_file(environ)
    assert file is not None
    file.parent.mkdir()
    file.write_text("author = 'ana'\n[engine]\nthreads = 3\n")
    settings = resolve({}, environ, {}, user_values(environ))
    assert settings.get("author") == "ana"
    assert settings.origin("engine.threads") == str(file)
    for bad in ("author = ", "autor = 'ana'\n"):
        file.write_text(bad)
        with pytest.raises(UsageError) as caught:
            user_values(environ)
        assert caught.value.where == str(file)
    file.write_text("[engine]\nthreads = 'many'\n")
    with pytest.raises(UsageError, match=r"engine\.threads"):
        resolve({}, environ, {}, user_values(environ))
