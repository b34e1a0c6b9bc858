"""A stage in a folder: whatever kind of dataset it is, the folder makes the same again, moved anywhere and without Andon; what was packed
and changed since is refused; and nothing of the machine or of others is in it."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from andon.engines.bundle.own_files import own_requirements
from andon.engines.python.lock import runner_packages
from andon.errors import DamagedError, DatasetError, UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.isolating import IsolateOptions
from andon.service.locks import lock
from andon.service.service import Service
from kit.clones import Clone
from kit.each_kind import year_of_lake
from kit.isolated import run_folder, text_files
from kit.remote import WebServer
from kit.shops import FILES as SHOP
from kit.shops import ORDERS, Shop

ROWS = {
    "raw/o1.csv": 'id,customer,amount\n1,ada,10.5\n2,"b\'en",5\n',
    "raw/o'2 é.csv": "id,customer,amount\n3,cleo,7\n",
}
CODE = {
    "andon.toml": '[connections.erp]\nkind = "sqlite"\npath = "erp.db"\n',
    "macros/tax.sql": (
        "-- it's\ncreate macro tax(x) as x * 0.2;\n"
        "create macro top(n) as table select * from shop.orders order by id limit n;\n"
    ),
    "modules/helper.py": "FACTOR = 2\n",
    "sources/shop/orders.sql": "-- don't, read_csv('raw/o*.csv')\nselect id, customer, amount from read_csv('raw/o*.csv');\n",
    "sources/shop/pq.sql": "select * from 'raw/x.parquet'\n",
    "sources/shop/js.sql": "select * from read_json('raw/x.json', filename = true)\n",
    "sources/shop/book.sql": "select * from read_xlsx('raw/b.xlsx')\n",
    "sources/erp/items.sql": "/*---\nconnection: erp\n---*/\nselect id, name from items\n",
    "datasets/marts/v.sql": "/*---\nmaterialize: view\n---*/\nselect *, tax(amount) as t from shop.orders\n",
    "datasets/marts/vv.sql": '/*---\nmaterialize: view\n---*/\nselect *, id + 1 as nxt from marts.v where "amount" > 1\n',
    "datasets/marts/sums.sql": (
        "/*---\nkey: customer\n---*/\nselect customer, sum(t) as t, max(now()) as at, 'it''s /x' as say from marts.vv group by all; -- e;\n"
    ),
    "datasets/marts/tops.sql": "select * from top(2)\n",
    "datasets/marts/py.py": (
        "from andon import dataset, logical_time, read\nfrom helper import FACTOR\n\n\n@dataset\n"
        "def py(o=read('marts.vv'), p=read('shop.orders')):\n    print('hello')\n"
        "    return o.project(f\"id, amount * {FACTOR} as a, timestamptz '{logical_time()}' as at\")\n"
    ),
    "datasets/marts/parted.py": (
        "from andon import dataset, read\n\n\n@dataset(key='id', checks=['a > 10 quarantine 90%'])\n"
        "def parted(o=read('marts.py')):\n    return o\n"
    ),
    "datasets/marts/types.sql": (
        "select id, {'a': id, 'b': [1, 2]} as s, [id] as l, map {'k': id} as m, id::hugeint as h, 'é' as \"na\"\"me é\","
        " timestamptz '2026-01-01 00:00:00+02' as z, uuid '00000000-0000-0000-0000-000000000001' as u from shop.orders\n"
    ),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A project that nobody changes, with raw files of each kind, a database, views, macros and Python; its name is hard to quote."""
    import duckdb
    import openpyxl

    place = tmp_path_factory.mktemp("shop")
    clone = Clone(place / "acme's [é]")
    clone.fill({**CODE, **ROWS, "raw/x.json": '[{"a": 1, "b": "x"}]'})
    duckdb.sql("select 1 as a, 'x' as b").write_parquet(str(place / "x.parquet"))
    shutil.move(place / "x.parquet", clone.root / "raw" / "x.parquet")
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "x"])
    book.save(clone.root / "raw" / "b.xlsx")
    with sqlite3.connect(clone.root / "erp.db") as database:
        database.execute("create table items (id int, name text)")
        database.execute("insert into items values (1, 'x')")
    clone.run()
    return clone


def isolated(clone: Clone, name: str, place: Path, **options: Any) -> Path:
    """A stage that was packed, and moved."""
    with clone.opened() as service:
        service.isolating.isolate(name, place / "packed", IsolateOptions(**options))
    moved = place / f"moved é' {name.partition('@')[0]}"
    shutil.rmtree(moved, ignore_errors=True)
    return (place / "packed").rename(moved)


def requires_the_same(folder: Path, root: Path) -> None:
    for path, text in text_files(folder).items():
        assert str(root) not in text, path
    done = run_folder(folder)
    assert done.returncode == 0, (folder, done.stdout, done.stderr)
    assert done.stdout.startswith("IDENTICAL"), (folder, done.stdout)


def test_a_folder_of_each_kind_of_dataset_makes_the_same_elsewhere(shop, tmp_path):
    with shop.opened() as service:
        lake = service.workspace.lake
        names = sorted(lake.commits.state(lake.refs.head("main")).leaves)
        assert len(names) == 13
        for name in names:
            told = service.isolating.isolate(name, tmp_path / name)
            requires_the_same(Path(told.folder).rename(tmp_path / f"moved é' {name}"), shop.root)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A project that nobody changes, after a year."""
    return year_of_lake(tmp_path_factory.mktemp("year"))


@pytest.fixture(scope="module")
def marked(year: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The same, with a column that is personal."""
    root = tmp_path_factory.mktemp("marked") / "acme"
    shutil.copytree(year.root, root)
    clone = Clone(root)
    text = clone.read("sources/shop/orders.sql")
    assert text is not None
    clone.write("sources/shop/orders.sql", text.replace("/*---", "/*---\ncolumns:\n  customer: {pii: true}"))
    clone.run()
    return clone


def test_whatever_was_ever_shown_makes_the_same_elsewhere(year, tmp_path):
    with year.opened() as service:
        lake = service.workspace.lake
        seen: dict[tuple[str, str], str] = {}
        for ref in lake.refs.of_kind("branch"):
            for commit in lake.commits.first_parents(lake.refs.head(ref.name)):
                for name, leaf in lake.commits.state(commit).leaves.items():
                    seen.setdefault((name, leaf.build), commit.id)
    assert len(seen) > 30
    with year.opened() as service:
        for number, ((name, _), commit) in enumerate(seen.items()):
            told = service.isolating.isolate(f"{name}@{commit}", tmp_path / f"packed {number}")
            requires_the_same(Path(told.folder).rename(tmp_path / f"moved é' {number}"), year.root)


@pytest.mark.parametrize("name", ["marts.sums", "shop.orders", "erp.items", "marts.py"])
def test_one_byte_that_changed_of_what_was_packed_is_refused_by_its_name(shop, tmp_path, name):
    folder = isolated(shop, name, tmp_path)
    packed = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.parts[-3:][0] != "code" and "code" not in path.parts
    ]
    packed = [path for path in packed if path.relative_to(folder).parts[0] in ("inputs", "expected", "ran", "kept")]
    assert packed
    for path in packed:
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        done = run_folder(folder)
        assert done.returncode == 2, path
        assert path.relative_to(folder).as_posix() in done.stderr
        path.write_bytes(before)
    assert run_folder(folder).returncode == 0


def test_where_a_connection_leads_is_not_in_a_folder(shop, tmp_path):
    folder = isolated(shop, "erp.items", tmp_path)
    assert [path for path, text in text_files(folder).items() if "erp.db" in text] == []
    assert "can't be asked for the same again" in (folder / "README.md").read_text()


def test_code_that_was_edited_there_is_what_runs_there(shop, tmp_path):
    folder = isolated(shop, "marts.sums", tmp_path)
    file = folder / "code" / "datasets" / "marts" / "sums.sql"
    file.write_text(file.read_text().replace("sum(t) as t", "sum(t) + 1 as t, 1 as more"))
    done = run_folder(folder)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[0].startswith("DIFFERENT  marts.sums at main")
    assert "code/datasets/marts/sums.sql is not as it was packed" in done.stdout
    assert "`more` is new" in done.stdout
    assert "t: 3 rows have another value" in done.stdout


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "said"),
    [
        ("marts.v", "macros/tax.sql", "x * 0.2", "x * 0.3", "have other values"),
        ("marts.py", "modules/helper.py", "2", "3", "rows differ"),
        ("shop.orders", "sources/shop/orders.sql", "select id", "select id + 1 as id", "rows differ"),
    ],
)
def test_macros_modules_and_sources_that_were_edited_there_run_there(shop, tmp_path, name, file, old, new, said):
    folder = isolated(shop, name, tmp_path)
    path = folder / "code" / file
    path.write_text(path.read_text().replace(old, new))
    os.utime(path, (0, 0))  # as many bytes at the same time: what was compiled of it is not taken for it
    done = run_folder(folder)
    assert done.returncode == 1, done.stderr
    assert f"code/{file} is not as it was packed" in done.stdout
    path.write_text(path.read_text().replace(new, old))
    os.utime(path, (0, 0))
    assert run_folder(folder).returncode == 0


def test_a_folder_that_holds_something_stays_as_it_is(shop, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    with shop.opened() as service, pytest.raises(UsageError) as raised:
        service.isolating.isolate("marts.sums", taken)
    assert raised.value.code == "usage.exists"
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert [(p.name, p.read_text()) for p in taken.iterdir()] == [("mine.txt", "mine")]


def test_nothing_of_the_lake_is_another_name_of_what_was_packed(shop, tmp_path):
    folder = isolated(shop, "marts.sums", tmp_path)
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.stat().st_nlink == 1
            path.write_bytes(b"")
    with shop.opened() as service:
        assert service.reproducing.reproduce("marts.sums").verdict.holds


# -- fewer rows, other values

PERSONAL = "/*---\ncolumns:\n  customer: {pii: true}\n---*/\n"
FEWER = [
    {"sample": 2},
    {"where": "customer = 'ada'"},
    {"masks": True},
    {"sample": 1, "where": "customer <> ''", "masks": True},
]


@pytest.mark.parametrize("options", FEWER, ids=lambda options: "-".join(options))
def test_of_fewer_rows_and_other_values_what_is_to_come_out_is_made_anew(marked, tmp_path, options):
    import duckdb

    with marked.opened() as service:
        lake = service.workspace.lake
        leaves = lake.commits.state(lake.refs.head("main")).leaves
    names = sorted(name for name in leaves if name.startswith("marts."))
    assert len(names) == 8
    for name in names:
        folder = isolated(marked, name, tmp_path, **options)
        requires_the_same(folder, marked.root)
        orders = [str(path) for path in (folder / "inputs" / "shop.orders").glob("*.parquet")]
        if orders:
            rows = duckdb.sql(f"select customer from read_parquet({orders})").fetchall()
            assert all(value.startswith("masked-") for (value,) in rows) == bool(options.get("masks"))
            assert len(rows) <= options.get("sample", 100)
            assert "where" not in options or "masks" in options or {value for (value,) in rows} == {"ada"}
            assert "made anew" in (folder / "README.md").read_text().replace("\n", " ")


def test_equal_values_stay_equal_when_they_are_masked_and_no_value_stays_none(tmp_path):
    import duckdb

    clone = Clone(tmp_path / "acme")
    clone.fill(
        {
            "andon.toml": "",
            "raw/a.csv": "mail,n,day,x,part\nada@x,1,2026-01-01,1.5,1\nben@x,2,2026-01-02,2.5,2\nada@x,1,2026-01-01,,3\n",
            "sources/s/a.sql": (
                "/*---\ncolumns: {mail: {pii: true}, n: {pii: true}, day: {pii: true}, x: {pii: true}}\n---*/\n"
                "select *, x as amount from read_csv('raw/a.csv')\n"
            ),
            "datasets/m/a.sql": "select mail, n, day, x, count(*) as rows from s.a group by all\n",
        }
    )
    clone.run()
    folder = isolated(clone, "m.a", tmp_path, masks=True)
    requires_the_same(folder, clone.root)
    found = duckdb.sql(f"from read_parquet('{folder}/inputs/s.a/1.parquet')".replace("é'", "é''")).fetchall()
    (mail, n, day, x, _, amount), (other, m, _, _, *_), (again, n_again, day_again, none, *_) = found
    assert (mail, n, day) == (again, n_again, day_again)
    assert (mail != other, n != m, x is None, none is None, amount) == (True, True, False, True, 1.5)
    assert b"ada" not in (folder / "inputs" / "s.a" / "1.parquet").read_bytes()


@pytest.mark.parametrize("where", ["exists (from read_csv('/etc/passwd'))", "id in (from shop.orders)", "id >", "nope"])
def test_a_condition_is_one_on_the_rows_alone(shop, tmp_path, where):
    with pytest.raises(UsageError):
        isolated(shop, "marts.v", tmp_path, where=where)
    assert [path.name for path in tmp_path.glob(".pack*")] == []


def test_a_condition_that_no_row_meets_is_told(shop, tmp_path):
    with shop.opened() as service:
        found = service.isolating.isolate("marts.v", tmp_path / "none", IsolateOptions(where="id < -1"))
    assert (found.rows, [note for note in found.notes if "no row" in note] != []) == (0, True)


def test_raw_files_are_packed_whole_or_not_at_all(shop, tmp_path):
    with pytest.raises(UsageError) as raised:
        isolated(shop, "shop.orders", tmp_path, sample=1)
    assert raised.value.code == "isolate.raw_files"
    folder = isolated(shop, "erp.items", tmp_path, where="id = 0")
    assert "erp.items has 0 of 1 row" in (folder / "README.md").read_text()
    requires_the_same(folder, shop.root)


# -- packages, tests


def test_the_packages_are_the_same_in_each_form(shop, tmp_path):
    import yaml

    folder = isolated(shop, "marts.sums", tmp_path)
    lock = (folder / "env" / "requirements.txt").read_text()
    pins = {line.split(" ")[0] for line in lock.splitlines() if "==" in line}
    assert pins == {f"duckdb=={version('duckdb')}", f"pytz=={version('pytz')}"}
    listed = json.loads((folder / "env" / "packages.cdx.json").read_text())
    assert (listed["bomFormat"], listed["specVersion"], listed["version"]) == ("CycloneDX", "1.5", 1)
    assert {f"{each['name']}=={each['version']}" for each in listed["components"]} == pins
    assert {each["purl"] for each in listed["components"]} == {f"pkg:pypi/{pin.replace('==', '@')}" for pin in pins}
    hashes = [each["content"] for component in listed["components"] for each in component["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))
    assert {each["alg"] for component in listed["components"] for each in component["hashes"]} == {"SHA-256"}
    conda = yaml.safe_load((folder / "env" / "environment.yml").read_text())
    assert conda["dependencies"] == [f"python={platform.python_version()}", "pip", {"pip": ["-r requirements.txt"]}]
    lines = [line.split(" ", 1) for line in (folder / "env" / "Dockerfile").read_text().splitlines()]
    words = [word for word, _ in lines if word != "#"]
    assert words == ["FROM", "WORKDIR", "COPY", "RUN", "COPY", "CMD"]
    said = dict(zip(words, [rest for word, rest in lines if word != "#"], strict=True))
    assert said["FROM"] == f"python:{platform.python_version()}-slim"
    assert "--require-hashes" in said["RUN"]
    assert json.loads(said["CMD"]) == ["python", "run.py"]


def test_the_pins_of_stages_of_sql_are_those_of_the_project():
    def pins(text: str) -> dict[str, set[str]]:
        parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
        return {part.split(" ")[0]: set(re.findall(r"sha256:\w+", part)) for part in parts if "==" in part}

    project = pins((Path(__file__).parents[2] / "requirements" / "dev.txt").read_text())
    own = pins(own_requirements())
    # all that the child process of a Python dataset needs, beside what its lock pins
    needed = {re.split(r"[=><~]", requirement)[0] for requirement in runner_packages()}
    assert {pin.partition("==")[0] for pin in own} == needed
    assert own == {pin: project[pin] for pin in own}


def test_a_unit_test_made_of_a_stage_passes(shop, tmp_path):
    root = tmp_path / "acme"
    shutil.copytree(shop.root, root)
    shop = Clone(root)
    with shop.opened() as service:
        for name in ("marts.sums", "marts.v", "marts.types", "marts.py", "marts.parted", "marts.tops"):
            made = service.stage_tests.make(name, IsolateOptions(sample=2), write=True)
            assert made.file == f"tests/{name.replace('.', '_')}.yml"
        with pytest.raises(UsageError) as raised:
            service.stage_tests.make("marts.sums", IsolateOptions(sample=2), write=True)
        assert raised.value.code == "usage.exists"
        with pytest.raises(UsageError):
            service.stage_tests.make("shop.orders", IsolateOptions(), write=True)
    with shop.opened() as service:
        results = service.unit_tests.run((), ())
    assert len(results) == 6
    assert [(each.dataset, each.problems) for each in results if each.failed] == []


def test_a_unit_test_shows_no_personal_value_and_passes_for_tables_that_grow(marked):
    names = ("marts.totals", "marts.rows", "marts.days", "marts.keys", "marts.parted")
    with marked.opened() as service:
        for name in names:
            made = service.stage_tests.make(name, IsolateOptions(), write=True)
            assert made.masked == {"shop.orders": ["customer"]}
            assert not any(person in made.text for person in ("ada", "ben", "cleo", "dora"))
    with marked.opened() as service:
        results = service.unit_tests.run((), ())
    assert [(each.dataset, each.problems) for each in results if each.failed] == []
    assert len(results) == len(names)


@pytest.mark.slow
def test_the_one_command_runs_as_the_readme_says_it_without_an_index(tmp_path):
    code = (
        "# /// script\n# dependencies = ['six']\n# ///\nimport six\nfrom andon import dataset, read\n\n\n"
        "@dataset\ndef packed(o=read('shop.orders')):\n    return o.project(f\"id, '{six.__version__}' as six\")\n"
    )
    clone = Clone(tmp_path / "acme's [é]")
    clone.fill({"andon.toml": "", "sources/shop/orders.sql": CODE["sources/shop/orders.sql"], **ROWS})
    clone.write("datasets/marts/packed.py", code)
    try:
        lock(clone.open().workspace, ("marts.packed",))
        clone.run()
        folder = isolated(clone, "marts.packed", tmp_path, offline=True)
    except DatasetError as error:
        if error.code != "build.environment" or os.environ.get("CI"):
            raise
        pytest.skip("no package index can be reached")
    pins = set(re.findall(r"^(\S+)==", (folder / "env" / "requirements.txt").read_text(), re.MULTILINE))
    assert pins == {"six", *(re.split(r"[=><~]", each)[0] for each in runner_packages())}
    wheels = {path.name.partition("-")[0].replace("_", "-") for path in (folder / "env" / "wheels").iterdir()}
    assert wheels == pins
    command = (folder / "README.md").read_text().partition("```sh\n")[2].partition("\n```")[0]
    assert "--no-index" in command
    python = f"{tmp_path}/bin"
    Path(python).mkdir()
    Path(python, "python3").symlink_to(Path(sys.executable).resolve())
    variables = {"PATH": f"{python}:{os.defpath}", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("IDENTICAL  marts.packed")


def test_a_stage_that_another_engine_makes_is_refused(tmp_path):
    from kit.polars_engine import polars_kind

    clone = Clone(tmp_path / "acme")
    clone.fill(
        {"andon.toml": "", "raw/o1.csv": ROWS["raw/o1.csv"], "sources/shop/orders.sql": CODE["sources/shop/orders.sql"]}
    )
    clone.write(
        "datasets/marts/sums.sql", "select customer, sum(amount) as amount from shop.orders group by customer\n"
    )
    clone.run()
    service = Service.open(clone.root, other_engine=lambda *_: polars_kind())
    with closing(service), pytest.raises(UsageError) as raised:
        service.isolating.isolate("marts.sums", tmp_path / "packed")
    assert raised.value.code == "isolate.other_engine"


def test_what_another_engine_makes_by_its_size_alone_is_packed_for_the_embedded_one_and_says_so(tmp_path):
    from kit.polars_engine import polars_kind

    clone = Clone(tmp_path / "acme")
    clone.fill(
        {"andon.toml": "", "raw/o1.csv": ROWS["raw/o1.csv"], "sources/shop/orders.sql": CODE["sources/shop/orders.sql"]}
    )
    clone.write(
        "datasets/marts/sums.sql", "select customer, sum(amount) as amount from shop.orders group by customer\n"
    )
    service = Service.open(
        clone.root, other_engine=lambda made, size: polars_kind() if size and made.dataset == "marts.sums" else None
    )
    with closing(service):
        service.runs.run(RunOptions(agreed=ANY_PLAN))
        packed = service.isolating.isolate("marts.sums", tmp_path / "apart" / ".." / "packed")
    assert packed.folder == str(tmp_path / "packed")
    assert [note for note in packed.notes if "polars" in note and "DuckDB" in note]
    done = run_folder(tmp_path / "packed")
    assert done.stdout.startswith("IDENTICAL"), done.stdout + done.stderr
    assert "DuckDB is" not in done.stdout


# -- what is gone, what is secret, what is marked elsewhere


def test_of_what_is_gone_it_is_said_what_brings_it_back_and_that_does(tmp_path):
    shop = Shop(tmp_path / "acme")
    shop.fill(SHOP)
    shop.run()
    for days in (1, 40, 0):
        shop.later(days)
        shop.load(f"{ORDERS}4,cleo,{days}\n")
    shop.collect()
    for name in ("marts.totals@run:1", "marts.rows@run:1"):
        with shop.opened() as service, pytest.raises(DamagedError) as caught:
            service.isolating.isolate(name, tmp_path / "packed")
        assert caught.value.code == "lake.gone"
        assert caught.value.hint is not None
        names = re.findall(r"`andon repair ([^`]*)`", caught.value.hint)[0].split()
        assert shop.repair(*names).left == []
        requires_the_same(isolated(shop, name, tmp_path), shop.root)


@pytest.mark.parametrize("parameter", ["token=tok-of-ana", "a=1&X-Amz-Signature=0f0f0f", "sig=abc%2Fd"])
def test_an_address_that_gives_access_is_in_no_folder(tmp_path, parameter):
    web = WebServer()
    web.put("rates.csv", "a,b\n1,2\n")
    clone = Clone(tmp_path / "acme")
    clone.fill(
        {
            "andon.toml": "",
            "sources/web/rates.sql": f"select * from read_csv('{web.root}/rates.csv?{parameter}')\n",
            "datasets/marts/rates.sql": "select * from web.rates\n",
        }
    )
    clone.run()
    web.stop()
    with pytest.raises(UsageError) as caught:
        isolated(clone, "web.rates", tmp_path)
    assert (caught.value.code, caught.value.where) == ("isolate.secret", "sources/web/rates.sql:1")
    secret = parameter.rpartition("=")[2]
    assert secret not in repr(caught.value.to_json())
    assert not (tmp_path / "packed").exists()
    folder = isolated(clone, "marts.rates", tmp_path)
    assert all(secret not in text for text in text_files(folder).values())
    requires_the_same(folder, clone.root)


def test_what_is_marked_only_in_the_dataset_is_masked_where_it_comes_from(tmp_path):
    """And where it has another name there, it is said that it is not."""
    clone = Clone(tmp_path / "acme")
    clone.fill(
        {
            "andon.toml": "",
            "raw/a.csv": "mail,n\nada@x,1\n",
            "sources/s/a.sql": "select * from read_csv('raw/a.csv')\n",
            "datasets/m/a.sql": "/*---\ncolumns: {Mail: {pii: true}}\n---*/\nselect mail, n from s.a\n",
            "datasets/m/b.sql": "/*---\ncolumns: {who: {pii: true}}\n---*/\nselect mail as who, n from s.a\n",
        }
    )
    clone.run()
    folder = isolated(clone, "m.a", tmp_path, masks=True)
    requires_the_same(folder, clone.root)
    assert not [path for path in folder.rglob("*.parquet") if b"ada@x" in path.read_bytes()]
    with clone.opened() as service:
        told = service.isolating.isolate("m.b", tmp_path / "b", IsolateOptions(masks=True))
    assert told.notes == [
        "personal columns are in it as they are: m.b (who); no input has columns of these names, so mark as `pii` what they are made of,"
        " and pack it again"
    ]
