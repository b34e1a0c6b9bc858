"""The files that the page about passes gives are what cron, systemd, GitHub and Kubernetes read, and call a command that there is."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from cronsim import CronSim

from andon.cli.app import cli
from andon.settings.table import BY_NAME

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "tick.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def of(language: str, mark: str) -> str:
    """The block of a language that holds a text."""
    (found,) = [text for name, text in BLOCKS if name == language and mark in text]
    return found


def in_yaml(mark: str) -> dict:
    """The block of YAML that holds a text, as others read it."""
    import yaml

    return yaml.safe_load(of("yaml", mark))


def is_a_tick(words: list[str]) -> None:
    """Whether a command line can be read."""
    assert Path(words[0]).name == "andon"
    name, command, rest = cli.resolve_command(click.Context(cli), words[1:])
    assert name == "tick"
    assert command is not None
    assert command.make_context("tick", list(rest), obj=object()).params["trigger"] != "hand"


def test_cron_has_a_line_that_calls_it():
    line = of("text", "/var/log/").strip()
    fields, command = line.split()[:5], line.split(maxsplit=5)[5]
    assert next(CronSim(" ".join(fields), datetime(2026, 11, 2, 6, 1, tzinfo=UTC))).minute == 5
    is_a_tick(shlex.split(command.partition("&& ")[2].partition(" >>")[0]))


def test_systemd_has_a_unit_and_its_timer(tmp_path: Path):
    unit, timer = of("ini", "[Service]"), of("ini", "[Timer]")
    read = configparser.ConfigParser(interpolation=None, delimiters="=")
    read.optionxform = str
    read.read_string(unit)
    is_a_tick(shlex.split(read["Service"]["ExecStart"]))
    assert read["Service"]["Type"] == "oneshot"
    read.read_string(timer)
    assert read["Timer"]["Persistent"] == "true"
    program = shutil.which("systemd-analyze")
    if program is not None:
        found = subprocess.run([program, "calendar", read["Timer"]["OnCalendar"]], capture_output=True, check=False)
        assert found.returncode == 0, found.stderr


def test_github_runs_it():
    flow = in_yaml("runs-on")
    triggers = flow[True]  # YAML 1.1 reads `on` so, and GitHub does not
    CronSim(triggers["schedule"][0]["cron"], datetime(2026, 11, 2, tzinfo=UTC))
    (job,) = flow["jobs"].values()
    is_a_tick(shlex.split(job["steps"][-1]["run"]))
    variables = {setting.variable for setting in BY_NAME.values()}
    assert {name for name in job["steps"][-1]["env"] if name.startswith("ANDON_")} <= variables
    assert flow["concurrency"]["cancel-in-progress"] is False


def test_kubernetes_runs_it():
    document = in_yaml("CronJob")
    assert (document["apiVersion"], document["kind"]) == ("batch/v1", "CronJob")
    spec = document["spec"]
    CronSim(spec["schedule"], datetime(2026, 11, 2, tzinfo=UTC))
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    is_a_tick(container["command"])
    assert (spec["concurrencyPolicy"], pod["restartPolicy"]) == ("Forbid", "Never")
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


def test_the_settings_that_it_shows_are_read(tmp_path: Path):
    from andon.project.config import read_config_values
    from andon.settings.connections import read_connections

    (tmp_path / "andon.toml").write_text(of("toml", "at_once"), encoding="utf-8")
    values = read_config_values(tmp_path / "andon.toml")
    connections, problems = read_connections(values["connections"])
    assert (connections["shop"].at_once, problems, values["engine"]) == (1, [], {"at_once": 2})


@pytest.mark.parametrize("value", ["0", "true", '"2"', "1.5"])
def test_what_is_no_number_of_places_is_a_problem(value: str, tmp_path: Path):
    from andon.errors import ProjectError
    from andon.project.config import read_config_values

    (tmp_path / "andon.toml").write_text(f'[connections.shop]\nkind = "sqlite"\npath = "x"\nat_once = {value}\n')
    with pytest.raises(ProjectError, match="at_once"):
        read_config_values(tmp_path / "andon.toml")
