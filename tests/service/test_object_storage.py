"""A lake in a bucket is a lake like any other: the whole loop, on a real server; and what is asked of that server, and what is not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from andon.cli.output import Console
from andon.cli.text.datasets import page_lines
from andon.errors import MachineError, UsageError
from andon.service.leftovers import find, remove
from kit.clones import Clone, did
from kit.fault_proxy import FaultProxy
from kit.in_buckets import BucketShop
from kit.remote import Bucket

TOTALS = "select customer, amount from marts.totals order by customer"
MAY = "id,customer,amount\n1,ada,10\n2,ben,20\n3,ada,5\n"


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "shops")


@pytest.fixture
def proxy(s3):
    proxy = FaultProxy(s3.url)
    yield proxy
    proxy.stop()


@pytest.fixture
def shop(tmp_path, bucket, proxy) -> BucketShop:
    return BucketShop(tmp_path / "acmé 'x'", bucket, proxy)


class TestTheLoop:
    def test_it_goes_round(self, shop):
        assert shop.run().published
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        shop.switch("work", create=True)
        shop.write("datasets/marts/totals.sql", f"{shop.read('datasets/marts/totals.sql')} desc\n")
        shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        assert did(shop.run())["marts.totals"] == "build"
        assert shop.ask(TOTALS, "main") == [("ada", 15), ("ben", 20)]
        assert shop.publish("work").published
        shop.switch("main")
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20), ("cleo", 7)]
        shop.undo()
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        shop.redo()
        assert shop.ask(TOTALS)[2:] == [("cleo", 7)]
        assert shop.verified()
        with shop.opened() as service:
            assert service.reproducing.reproduce("marts.totals").verdict == "identical"

    def test_another_machine_sees_the_same_and_goes_on(self, shop, tmp_path, bucket, proxy):
        shop.run()
        other = BucketShop(tmp_path / "other", bucket, proxy)
        shutil.copytree(shop.root, other.root, dirs_exist_ok=True)
        other.lose_mirror()
        assert other.ask(TOTALS) == shop.ask(TOTALS)
        assert did(other.run()) == {}

    def test_a_python_dataset_is_built_from_it(self, shop):
        shop.run()
        shop.lose_mirror()
        shop.write(
            "datasets/marts/names.py",
            "from andon import dataset, read\n\n\n@dataset()\ndef names(totals=read('marts.totals')):\n"
            "    return totals.project('customer').order('customer')\n",
        )
        assert did(shop.run()) == {"marts.names": "build"}
        assert shop.ask("from marts.names") == [("ada",), ("ben",)]

    def test_gc_takes_objects_away_and_what_is_shown_stays(self, shop):
        shop.run()
        old = set(shop.objects("data/"))
        shop.write("andon.toml", f'{shop.read("andon.toml")}[retention]\nkeep = "1d"\nruns = "1d"\n')
        for line in ("4,cleo,6\n", "4,cleo,7\n"):  # what an undo would bring back stays
            shop.write("raw/orders_05.csv", MAY + line)
            shop.run()
        shop.bucket.put(f"{shop.prefix}/data/marts/left-behind.parquet", b"of a run that was killed")
        for days in (40, 80):
            shop.clock = lambda days=days: datetime.now(UTC) + timedelta(days=days)
            with shop.opened() as service:
                assert service.collecting.collect(apply=True).applied
        after = set(shop.objects("data/"))
        assert "data/marts/left-behind.parquet" not in after
        assert [path for path in old - after if "totals" in path]
        assert not [path for path in old - after if (shop.mirror / path).exists()]
        shop.clock = None
        assert shop.ask(TOTALS)[2:] == [("cleo", 7)]
        assert shop.verified()

    def test_what_is_damaged_in_the_bucket_is_found_and_mended(self, shop):
        shop.run()
        (path,) = [path for path in shop.objects("data/") if "totals" in path]
        content = bytearray(shop.objects()[path])
        content[len(content) // 2] ^= 4
        shop.bucket.put(f"{shop.prefix}/{path}", bytes(content))
        assert not shop.verified()
        shop.lose_mirror()
        with pytest.raises(MachineError) as caught:
            shop.ask(TOTALS)
        assert caught.value.code == "lake.corrupt"
        with shop.opened() as service:
            assert [mended.name for mended in service.repairing.repair().mended] == [path]
        assert shop.verified()
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]

    def test_it_is_backed_up_and_put_back_into_another_prefix(self, shop, tmp_path):
        from andon.service.restoring import RestoreOptions, restore

        shop.run()
        with shop.opened() as service:
            made = service.backups.make(str(tmp_path / "backups"))
        assert made.backup.whole
        (path,) = [path for path in shop.objects("data/") if "totals" in path]
        shop.bucket.remove(f"{shop.prefix}/{path}")
        shop.lose_mirror()
        shutil.rmtree(shop.root / ".andon")
        with pytest.raises(MachineError, match="the catalog"):
            shop.run()
        environ = {"HOME": str(shop.root), **shop.environ}
        told = restore(tmp_path / "backups", shop.root, RestoreOptions(), environ=environ)
        assert told.storage == f"s3://{shop.bucket.name}/{shop.prefix}"
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        assert shop.verified()
        again = tmp_path / "again"
        told = restore(tmp_path / "backups", again, RestoreOptions(), environ=environ)
        assert (told.storage, told.written) == (f"s3://{shop.bucket.name}/{shop.prefix}", sorted(told.written))
        assert Clone(again, environ=shop.environ).ask(TOTALS) == [("ada", 15), ("ben", 20)]

    def test_metadata_of_iceberg_names_addresses(self, shop):
        shop.run()
        with shop.opened() as service:
            page = service.datasets.show("marts.totals")
        place = page.iceberg
        assert place is not None
        told = "\n".join(page_lines(page, Console(color=False)))
        assert f"from iceberg_scan('{place}')" in told
        assert "create secret (type s3" in told  # as it stands DuckDB would ask AWS
        start = f"s3://{shop.bucket.name}/{shop.prefix}/"
        assert place.removeprefix(start) in shop.objects("iceberg/")
        assert f"{start}data/marts/totals-".encode() in b"".join(shop.objects("iceberg/").values())


class TestWhoseFilesTheyAre:
    def test_a_project_that_was_moved_is_the_same(self, shop, tmp_path):
        shop.run()
        moved = shop.root.rename(tmp_path / "moved")
        again = Clone(moved, environ=shop.environ)
        assert again.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        with again.opened() as service:
            assert service.collecting.collect(apply=True).applied
            assert find(service.workspace).files == 0

    def test_a_copy_keeps_what_it_names(self, shop, tmp_path):
        shop.run()
        shutil.copytree(shop.root, tmp_path / "copy")
        copy = Clone(tmp_path / "copy", environ=shop.environ)
        copy.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        copy.run()
        with shop.opened() as service:
            assert find(service.workspace).files == 0
            remove(service.workspace)
        assert copy.ask(TOTALS)[2:] == [("cleo", 7)]

    def test_what_another_machine_may_name_is_not_taken_away(self, shop):
        shop.run()
        shop.bucket.put(f"{shop.prefix}/.catalogs/0123456789abcdef", "far-away:/srv/shop/.andon/catalog.db\nanother")
        with shop.opened() as service:
            with pytest.raises(MachineError) as caught:
                service.collecting.collect(apply=True)
            assert caught.value.code == "machine.storage"
            assert "/srv/shop/.andon/catalog.db of far-away" in caught.value.message
            assert f"{shop.prefix}/.catalogs/0123456789abcdef" in str(caught.value.hint)


class TestWhatIsAsked:
    def test_one_put_for_each_new_version_and_nothing_for_a_repeat(self, shop):
        shop.run()
        said = shop.asked()
        files = [path for path in shop.objects() if not path.startswith(".")]
        assert said.count("PUT") == len(files) + 2  # and the notes which storage it is, and whose files they are
        assert did(shop.run()) == {}
        assert shop.asked() == []
        shop.ask(TOTALS)
        shop.ask(TOTALS)
        assert shop.asked() == []

    def test_what_is_not_here_is_brought_once(self, shop):
        shop.run()
        shop.lose_mirror()
        shop.asked()
        shop.ask(TOTALS)
        assert shop.asked() == ["GET", "GET"]  # the note, and the file
        shop.ask(TOTALS)
        assert shop.asked() == []

    def test_copies_are_for_one_account(self, shop):
        shop.run()
        assert shop.mirror.stat().st_mode & 0o077 == 0

    def test_flipped_bytes_of_a_copy_cost_a_fetch(self, shop):
        shop.run()
        (place,) = (shop.mirror / "data/marts").glob("totals-*")
        content = bytearray(place.read_bytes())
        content[len(content) // 2] ^= 4
        place.unlink()
        place.write_bytes(bytes(content))
        place.chmod(0o444)
        shop.asked()
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        assert shop.asked() == ["GET"]
        assert shop.verified()

    @pytest.mark.parametrize("size", [0, 100])
    def test_a_cut_copy_that_forgot_where_it_is_of_costs_a_fetch(self, shop, size):
        """As a power loss leaves it, or whoever copies a folder without its permissions."""
        shop.run()
        (place,) = (shop.mirror / "data/marts").glob("totals-*")
        place.chmod(0o644)
        place.write_bytes(place.read_bytes()[:size])
        assert shop.verified()
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]

    def test_large_files_are_read_by_range(self, tmp_path, bucket, proxy):
        shop = BucketShop(tmp_path / "large", bucket, proxy, "object_storage.by_range = 100\n")
        shop.run()
        shop.lose_mirror()
        shop.write("datasets/marts/names.sql", "select distinct customer from shop.orders order by customer\n")
        assert did(shop.run()) == {"marts.names": "build"}
        assert not list((shop.mirror / "data").glob("shop/*"))
        assert shop.ask("from marts.names") == [("ada",), ("ben",)]


class TestAway:
    def test_a_server_that_is_away_is_said_and_the_next_run_goes_on(self, tmp_path, bucket, proxy):
        shop = BucketShop(tmp_path / "away", bucket, proxy, "object_storage.silence = 1\n")
        shop.run()
        shop.write("raw/orders_05.csv", MAY + "4,cleo,7\n")
        proxy.fail("503", lambda asked: asked.method == "PUT" and "marts" in asked.path)
        with pytest.raises(MachineError) as caught:
            shop.run()
        assert caught.value.code == "machine.storage"
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        proxy.heal()
        assert shop.run().published
        assert shop.ask(TOTALS)[2:] == [("cleo", 7)]
        assert shop.verified()

    def test_a_server_that_is_away_is_no_damage_of_the_lake(self, shop, tmp_path):
        """Neither told, nor noted, nor kept as a backup that lacks all."""
        shop.run()
        shop.lose_mirror()
        shop.proxy.fail("503")
        with shop.opened() as service:
            for ask in (
                lambda: service.verifying.verify(all=True),
                service.repairing.repair,
                lambda: service.backups.make(str(tmp_path / "kept")),
                lambda: service.lake_moves.move(str(tmp_path / "new")),
            ):
                with pytest.raises(MachineError) as caught:
                    ask()
                assert caught.value.code == "machine.storage"
            shop.proxy.heal()
            assert service.backups.make(str(tmp_path / "kept")).backup.whole
            assert service.lake_moves.move(str(tmp_path / "new")).lost == []
        assert shop.verified()

    def test_a_cached_answer_needs_no_server(self, shop):
        shop.run()
        shop.proxy.fail("reset")
        assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
        assert did(shop.run()) == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from andon.lake.object_store import ObjectStore
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
left = [int(sys.argv[2])]
create = ObjectStore.create
def dying(self, *rest):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    create(self, *rest)
ObjectStore.create = dying
Service.open(Path(sys.argv[1])).runs.run(RunOptions(agreed=ANY_PLAN))
"""


@pytest.mark.parametrize("after", [1, 3])
def test_a_run_that_is_killed_between_uploads_leaves_nothing_half(shop, after):
    environ = {**os.environ, **shop.environ, "HOME": str(shop.root), "ANDON_AUTHOR": "ana"}
    done = subprocess.run([sys.executable, "-c", KILLED, str(shop.root), str(after)], check=False, env=environ)
    assert done.returncode == -signal.SIGKILL
    assert shop.run().published
    assert shop.ask(TOTALS) == [("ada", 15), ("ben", 20)]
    assert shop.verified()
    with shop.opened() as service:
        remove(service.workspace)
        assert find(service.workspace).files == 0
    assert shop.verified()


def test_what_another_machine_cleaned_away_before_it_was_named_is_handed_over_again(shop, tmp_path):
    """A copy of this machine says only that it was there once."""
    shop.run()
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    environ = {**os.environ, **shop.environ, "HOME": str(shop.root), "ANDON_AUTHOR": "ana"}
    before = set(shop.objects("raw/"))
    done = subprocess.run([sys.executable, "-c", KILLED, str(shop.root), "1"], check=False, env=environ)
    assert done.returncode == -signal.SIGKILL
    (left,) = set(shop.objects("raw/")) - before
    shop.bucket.remove(f"{shop.prefix}/{left}")  # as `andon doctor --clean` does elsewhere
    assert (shop.mirror / left).exists()
    assert shop.run().published
    assert left in shop.objects("raw/")
    assert shop.verified()


def test_what_the_bucket_lost_or_damaged_is_put_back_from_copies_of_this_machine(shop):
    shop.write(
        "datasets/marts/now.sql", "/*---\nallow: [random]\n---*/\nselect uuid() as u from shop.orders\n"
    )  # not made twice
    shop.run()
    shop.ask("from marts.now")
    whole = shop.objects()
    (raw,) = shop.objects("raw/")
    now, best = (next(path for path in whole if f"marts/{name}" in path) for name in ("now", "best"))
    for path in (raw, now):
        shop.bucket.remove(f"{shop.prefix}/{path}")
    shop.bucket.put(f"{shop.prefix}/{best}", b"x" + whole[best][1:])
    shop.write("raw/orders_05.csv", None)
    assert not shop.verified()
    assert not shop.verified()  # to read all takes no copy away that may be the last one
    with shop.opened() as service:
        found = service.repairing.repair()
    assert (len(found.mended), found.left) == (3, [])
    assert shop.objects() == whole
    shop.lose_mirror()
    assert shop.verified()


def placed(tmp_path, bucket, proxy, prefix: str) -> BucketShop:
    shop = BucketShop(tmp_path / "acme", bucket, proxy, '[object_storage]\nby_range = "1"\n', prefix)
    place, _, rest = shop.read("andon.toml").partition("\n")
    shop.write("andon.toml", f"storage = {json.dumps(place.split(' = ')[1].strip(chr(34)))}\n{rest}")
    return shop


@pytest.mark.parametrize("prefix", ["a?b", "t[1]", "t*x", "a\\b", "é 'q' #%20"])
def test_a_prefix_may_have_any_name(tmp_path, bucket, proxy, prefix):
    """Also one that an engine would take for a pattern, were it read by range there."""
    shop = placed(tmp_path, bucket, proxy, prefix)
    shop.run()
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    shop.write("datasets/marts/more.sql", "select count(*) as n from marts.totals\n")
    shop.lose_mirror()
    assert {task.status for task in shop.run().tasks} == {"ok"}
    shop.lose_mirror()
    assert shop.ask(TOTALS)[2:] == [("cleo", 7)]


@pytest.mark.parametrize("prefix", ["a//b", "./a", "a/../b"])
def test_an_address_that_no_object_can_have_is_refused(tmp_path, bucket, proxy, prefix):
    with pytest.raises(UsageError) as caught:
        placed(tmp_path, bucket, proxy, prefix).run()
    assert caught.value.code == "usage.bad_argument"
    assert "a part of it is empty" in caught.value.message
