"""Behind a server that refuses, breaks off, forgets to answer or hangs: nothing is torn, nothing is lost, and an error comes in time."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from pathlib import Path

import pytest

from andon.errors import MachineError
from andon.lake.object_storage import ObjectStorage
from andon.lake.object_store import ObjectStore
from andon.model.version import DataFile
from kit.fault_proxy import FAULTS, FaultProxy
from kit.remote import Bucket

#: No request may be waited for longer than this, whatever goes wrong.
LONGEST = 45.0
CONTENT = b"0123456789" * 20_000
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "faults")


@pytest.fixture
def proxy(s3):
    proxy = FaultProxy(s3.url)
    yield proxy
    proxy.stop()


def opened(place: Path, bucket: Bucket, proxy: FaultProxy, prefix: str) -> ObjectStorage:
    objects = ObjectStore(f"s3://{bucket.name}/{prefix}", {**bucket.options, "endpoint": proxy.url}, "the test", 1)
    return ObjectStorage(objects, place, bound=1 << 30, by_range=1 << 30, can_range=False)


@pytest.fixture
def storage(tmp_path, bucket, proxy) -> ObjectStorage:
    return opened(tmp_path / "mirror", bucket, proxy, f"lake{next(_numbers)}")


def written(storage: ObjectStorage, content: bytes = CONTENT) -> DataFile:
    path = storage.new_path("data/x", "t", ".parquet")
    Path(storage.engine_path(path)).write_bytes(content)
    return DataFile(path, len(content), hashlib.sha256(content).hexdigest(), 1, {})


def key(storage: ObjectStorage, path: str) -> str:
    return storage.objects.prefix + path


class TestOneRequest:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_that_passes_is_not_noticed(self, storage, proxy, bucket, fault):
        file = written(storage)
        proxy.fail(fault, times=1)
        storage.make_durable([file.path])
        assert bucket.get(key(storage, file.path)) == CONTENT
        storage.forget([file.path])
        proxy.fail(fault, times=1)
        storage.bring([file])
        assert storage.is_here(file.path)
        assert storage.read(file.path) == CONTENT

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_that_stays_is_an_error_in_time_and_the_work_is_kept(self, storage, proxy, bucket, fault):
        file = written(storage)
        proxy.fail(fault, lambda asked: asked.method == "PUT")
        began = time.monotonic()
        if fault == "cut":  # the answer to a PUT has no body to cut
            storage.make_durable([file.path])
        elif fault == "lost answer":
            storage.make_durable([file.path])  # it was done, and is found to be
        else:
            with pytest.raises(MachineError) as caught:
                storage.make_durable([file.path])
            assert caught.value.code == "machine.storage"
            assert caught.value.hint
            assert "let-me-in" not in str(caught.value.message)
            assert bucket.keys(key(storage, file.path)) == []
        assert time.monotonic() - began < LONGEST
        assert Path(storage.engine_path(file.path)).read_bytes() == CONTENT
        proxy.heal()
        storage.make_durable([file.path])
        assert bucket.get(key(storage, file.path)) == CONTENT

    @pytest.mark.parametrize("fault", FAULTS)
    def test_what_can_not_be_read_is_an_error_in_time_and_no_half_is_believed(self, storage, proxy, fault, tmp_path):
        file = written(storage)
        storage.make_durable([file.path])
        storage.forget([file.path])
        proxy.fail(fault)
        began = time.monotonic()
        with pytest.raises(MachineError) as caught:
            storage.bring([file])
        assert caught.value.code == "machine.storage"
        assert time.monotonic() - began < LONGEST
        assert [each for each in (tmp_path / "mirror" / "data").rglob("*") if each.is_file()] == []
        proxy.heal()
        storage.bring([file])
        assert storage.read(file.path) == CONTENT

    def test_a_lost_answer_is_told_from_another_content(self, storage, bucket):
        file = written(storage)
        bucket.put(key(storage, file.path), b"somebody else's")
        with pytest.raises(MachineError) as caught:
            storage.make_durable([file.path])
        assert caught.value.code == "lake.corrupt"
        assert bucket.get(key(storage, file.path)) == b"somebody else's"

    def test_who_is_refused_is_told_where_to_look(self, tmp_path, s3):
        if not s3.asks_who:
            pytest.skip("this server lets everybody in; `make test-s3-auth` asks one that doesn't")
        bucket = Bucket(s3, f"refused{next(_numbers)}")
        objects = ObjectStore(
            f"s3://{bucket.name}/p", {**bucket.options, "secret": "wrong"}, "the connection `lake`", 5
        )
        storage = ObjectStorage(objects, tmp_path, bound=1 << 30, by_range=1 << 30, can_range=False)
        file = written(storage)
        for ask in (lambda: storage.make_durable([file.path]), lambda: list(storage.files("data"))):
            with pytest.raises(MachineError) as caught:
                ask()
            assert "refuses" in caught.value.message
            assert "connection `lake`" in str(caught.value.hint)
            assert "wrong" not in caught.value.message

    def test_no_bucket_is_said(self, tmp_path, s3, bucket):
        objects = ObjectStore("s3://nowhere/p", bucket.options, "the connection `lake`", 5)
        storage = ObjectStorage(objects, tmp_path, bound=1 << 30, by_range=1 << 30, can_range=False)
        file = written(storage)
        with pytest.raises(MachineError) as caught:
            storage.make_durable([file.path])
        assert "no bucket `nowhere`" in caught.value.message


class TestRequests:
    def test_one_for_each_new_file_and_none_for_what_is_here(self, storage, proxy):
        files = [written(storage, CONTENT + bytes([number])) for number in range(20)]
        storage.make_durable([file.path for file in files])
        assert sorted(asked.method for asked in proxy.take()) == ["PUT"] * 20
        storage.make_durable([file.path for file in files])
        storage.bring(files)
        assert [storage.size(file.path) for file in files] == [file.size for file in files]
        assert all(storage.mark(file.path) for file in files)
        assert [storage.facts(file.path)[1] for file in files] == [file.sha256 for file in files]
        assert proxy.take() == []

    def test_one_for_each_file_that_is_not_here(self, storage, proxy):
        files = [written(storage, CONTENT + bytes([number])) for number in range(20)]
        storage.make_durable([file.path for file in files])
        storage.forget(file.path for file in files)
        proxy.take()
        storage.bring(files)
        assert sorted(asked.method for asked in proxy.take()) == ["GET"] * 20

    def test_many_are_on_their_way_at_once_and_not_all(self, storage, proxy):
        files = [written(storage, bytes([number])) for number in range(64)]
        proxy.plan.latency = 0.1
        storage.make_durable([file.path for file in files])
        assert 4 < proxy.most <= 16


class TestUploads:
    def test_a_large_file_goes_up_in_parts_and_a_part_that_fails_is_sent_again(self, storage, proxy, bucket):
        from andon.lake.unfinished_uploads import unfinished

        content = os.urandom(1 << 20) * 33
        file = written(storage, content)
        proxy.fail("503", lambda asked: "partNumber=2" in asked.path, times=1)
        storage.make_durable([file.path])
        assert [each.method for each in proxy.take()].count("PUT") > 4
        assert storage.facts(file.path, anew=True) == (file.size, file.sha256)
        assert unfinished(storage.objects) == []

    def test_what_nobody_ended_is_found_and_aborted_and_the_rest_is_not_touched(self, storage, bucket):
        from datetime import UTC, datetime, timedelta

        from andon.base.s3_request import ask_s3
        from andon.lake.unfinished_uploads import unfinished

        storage.write("data/x/whole", b"whole")
        for name in (key(storage, "data/x/half"), "elsewhere/data/x/other"):
            ask_s3("POST", bucket.name, bucket.options, key=name, query={"uploads": ""})
        (found,) = unfinished(storage.objects)
        assert found.key == key(storage, "data/x/half")
        now = datetime.now(UTC)
        assert storage.tidy(now - timedelta(days=1)) == 0
        assert storage.tidy(now + timedelta(minutes=5)) == 1
        assert unfinished(storage.objects) == []
        assert storage.read("data/x/whole") == b"whole"
