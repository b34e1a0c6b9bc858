"""Environments: exactly what is locked, made once, shared, refused when it isn't what was locked."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from andon.engines.python.environment import provide_environment
from andon.engines.python.uv_tool import kept_environment
from andon.errors import DatasetError


def snapshot(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if not path.name.startswith(".")}


def test_without_packages_there_is_duckdb_and_nothing_else(tmp_path):
    environment = provide_environment("marts.made", None, tmp_path)
    assert set(environment.packages) == {"duckdb", "pytz", "time-machine"}
    code = "import sys; sys.path += sys.argv[1:]; import duckdb; print(duckdb.__version__)\nimport click"
    paths = [str(path) for path in environment.paths]
    done = subprocess.run([*environment.command, "-c", code, *paths], capture_output=True, text=True)
    assert done.stdout.strip() == environment.packages["duckdb"]
    assert "No module named 'click'" in done.stderr


def test_an_environment_is_made_once_for_all(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: provide_environment("marts.made", None, tmp_path), range(8)))
    assert len({environment.paths for environment in made}) == 1
    before = snapshot(tmp_path)
    assert len(before) == 1
    provide_environment("marts.other", None, tmp_path)
    assert snapshot(tmp_path) == before


def test_a_broken_environment_is_made_anew(tmp_path):
    (path,) = provide_environment("marts.made", None, tmp_path).paths
    (path / "duckdb").unlink()
    (path / "duckdb").symlink_to(tmp_path / "gone")
    provide_environment("marts.made", None, tmp_path)
    assert (path / "duckdb").exists()
    (path / "andon.json").unlink()  # as if it was never finished
    provide_environment("marts.made", None, tmp_path)
    assert (path / "andon.json").exists()


def test_what_a_killed_process_left_is_cleared(tmp_path):
    (path,) = provide_environment("marts.made", None, tmp_path).paths
    (path / "andon.json").unlink()
    (tmp_path / f".{path.name}.1.2.new" / "bin").mkdir(parents=True)
    provide_environment("marts.made", None, tmp_path)
    assert list(tmp_path.glob(".*.new")) == []


def test_the_folder_of_environments_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = provide_environment("marts.made", None, Path("caches/python"))
    assert environment.paths[0].is_absolute()


def test_a_python_that_is_too_old_is_refused(tmp_path):
    lock = f"# python: >=3.{sys.version_info.minor + 1}\niniconfig==2.1.0 --hash=sha256:00\n"
    with pytest.raises(DatasetError) as caught:
        provide_environment("marts.made", lock.encode(), tmp_path)
    assert caught.value.code == "build.environment"
    assert f"needs Python 3.{sys.version_info.minor + 1} or later" in caught.value.message


def test_exactly_the_lock_is_installed_and_used_again(small_lock, run, environments, make_task):
    outcome, rows = run(
        "import iniconfig\ndef made(orders):\n    return [{'file': iniconfig.__name__}]\n", lock=small_lock.encode()
    )
    assert rows == [("iniconfig",)]
    assert set(outcome.packages) == {"duckdb", "iniconfig", "pytz", "time-machine"}
    before = snapshot(environments)
    again, _ = run("def made(orders):\n    return orders\n", lock=("# another head\n" + small_lock).encode())
    assert again.packages == outcome.packages
    assert snapshot(environments) == before


def test_a_package_that_is_not_what_was_locked_is_refused(small_lock, tmp_path):
    head, _, rest = small_lock.partition("iniconfig==")
    lines = rest.splitlines()
    end = next(n for n, line in enumerate(lines) if n and not line.startswith("    "))
    tampered = [f"iniconfig=={lines[0]}", "    --hash=sha256:" + "0" * 64, *lines[end:]]
    with pytest.raises(DatasetError) as caught:
        provide_environment("marts.made", (head + "\n".join(tampered) + "\n").encode(), tmp_path)
    assert caught.value.code == "build.environment"
    assert "hash" in caught.value.message.lower()
    assert "andon lock marts.made" in (caught.value.hint or "")
    assert snapshot(tmp_path) == {}
    unpinned = small_lock.replace("    --hash", "    # --hash")
    with pytest.raises(DatasetError):
        provide_environment("marts.made", unpinned.encode(), tmp_path)
    assert snapshot(tmp_path) == {}


@pytest.mark.parametrize(
    "how", ["evil @ {url}", "-e {url}", "-r {folder}/more.txt", "{url}", "evil==1 --index-url {url}"]
)
def test_a_lock_that_names_a_place_installs_nothing(tmp_path, how):
    evil, ran = tmp_path / "evil", tmp_path / "ran"
    evil.mkdir()
    (evil / "setup.py").write_text(
        f"open({str(ran)!r}, 'w'); from setuptools import setup; setup(name='evil', version='1')"
    )
    (evil / "more.txt").write_text(f"evil @ {evil.as_uri()}\n")
    lock = f"# inputs: x\n{how.format(url=evil.as_uri(), folder=evil)} --hash=sha256:00\n"
    with pytest.raises(DatasetError) as caught:
        provide_environment("marts.made", lock.encode(), tmp_path / "environments")
    assert caught.value.code == "build.bad_lock"
    assert caught.value.message.startswith("line 2 of the lock: ")
    assert not ran.exists()
    assert snapshot(tmp_path / "environments") == {}


def test_what_installs_packages_sees_no_secret_of_the_caller(tmp_path):
    made = {
        "PATH": "/bin",
        "HOME": "/home/ana",
        "https_proxy": "http://proxy:3128",
        "UV_INDEX_URL": "https://index",
        "PIP_CERT": "/certificates",
        "LC_ALL": "C.UTF-8",
    }
    hidden = {
        "AWS_SECRET_ACCESS_KEY": "x",
        "GITHUB_TOKEN": "x",
        "ANDON_AUTHOR": "ana",
        "PGPASSWORD": "x",
        "UV_PUBLISH_TOKEN": "x",
        "VIRTUAL_ENV": "/venv",
        "CONDA_PREFIX": "/conda",
        "PYTHONPATH": "/x",
        "LD_PRELOAD": "/x.so",
    }
    assert kept_environment({**made, **hidden}) == made


def test_a_run_can_be_interrupted_while_packages_are_installed(small_lock, tmp_path):
    cancelled = threading.Event()
    timer = threading.Timer(0.02, cancelled.set)
    timer.start()
    with pytest.raises(DatasetError) as caught:
        provide_environment("marts.made", small_lock.encode(), tmp_path, cancelled)
    assert caught.value.code == "build.interrupted"
    assert snapshot(tmp_path) == {}
