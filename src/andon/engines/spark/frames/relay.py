"""Hands on to Spark what a function asks of it, and nothing else: a service of Spark Connect on a socket in the file system.

The function's process has no network. It talks to this service, which reads each plan (`asked.py`), and asks the endpoint in its place: the
address and what is secret in it stay here, as do the session's settings and what other tasks of it hold.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from andon.base.temporary import Temporary, system_place
from andon.engines.spark.connection import SparkLine
from andon.engines.spark.frames.asked import CODE, SQL_TEXT, NotAllowed, not_allowed

_SERVICE = "/spark.connect.SparkConnectService/"
#: So many answers of Spark stream at once: each takes a thread.
_AT_ONCE = 16
#: Paths of sockets have a hundred characters at most on some systems, of which the folder's own name takes up to thirty.
_LONGEST_PLACE, _SHORT_PLACE = 60, Path("/tmp")  # noqa: S108 a folder of this account alone is made in it
#: Seconds for which Spark is asked to stop something.
_ASKED = 2.0
_LARGEST = 128 * 1024 * 1024
_OPTIONS = [("grpc.max_send_message_length", _LARGEST), ("grpc.max_receive_message_length", _LARGEST)]
#: What may be asked about a plan.
_ANALYSES = frozenset(
    {"schema", "explain", "tree_string", "is_local", "is_streaming", "spark_version", "ddl_parse", "same_semantics"}
    | {"semantic_hash", "json_to_ddl"}
)
_SETTINGS_READ = frozenset({"get", "get_with_default", "get_option", "get_all", "is_modifiable"})
_SESSION = "what changes Spark's session"
_NEEDLESS = NotAllowed(_SESSION, "the DataFrame itself: what it is called, and where it is kept, is Andon's")
_UPLOAD = NotAllowed("a large table of this process, or a file", "a dataset of its own, and a parameter for it")
#: What else people do with DataFrames, by what the protocol calls it.
_KNOWN = {
    "persist": NotAllowed(
        "keeping rows in Spark's memory (`cache`)", "the DataFrame without it, or a dataset of its own"
    ),
    "create_dataframe_view": NotAllowed("a view of Spark's session", "the DataFrame itself, with `.alias(…)`"),
    "write_operation": NotAllowed("writing from the function", "`return` with the DataFrame"),
    "write_operation_v2": NotAllowed("writing from the function", "`return` with the DataFrame"),
    "sql_command": SQL_TEXT,
    "register_function": CODE,
    "input_files": NotAllowed("the names of the lake's files", "a column of the input"),
}


class FrameRelay:
    """Serves one function; a context manager.

    Args:
        line: to the endpoint.
        views: what the function may read.

    Attributes:
        socket: where it listens; the folder is this account's alone.
        refused: what was asked that may not be.
        lost: what the endpoint said first where it could not be asked.
    """

    def __init__(self, line: SparkLine, views: Collection[str]) -> None:
        self._line = line
        self._views = frozenset(views)
        own = system_place()
        self._folder = Temporary([own if len(str(own)) <= _LONGEST_PLACE else _SHORT_PLACE], "spark")
        self.socket = self._folder.path / "s"
        self.refused: list[NotAllowed] = []
        self.lost: Exception | None = None
        self._operations: set[str] = set()
        self._over: set[str] = set()
        self._calls: set[Any] = set()
        self._lock = threading.Lock()
        self._server: Any = None

    def __enter__(self) -> FrameRelay:
        import grpc

        logging.getLogger("grpc._server").setLevel(logging.CRITICAL)  # what it refuses is told to who asked
        self._server = grpc.server(ThreadPoolExecutor(_AT_ONCE), handlers=(_Handler(self),), options=_OPTIONS)
        self._server.add_insecure_port(f"unix:{self.socket}")
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            call.cancel()
        for operation in self._operations - self._over:
            self._stop(operation)
        self._server.stop(None).wait()
        self._folder.close()

    def unary(self, method: str, request: bytes, context: Any) -> bytes:
        """The one answer to a question."""
        self._require(method, request, context)
        call = self._line.channel.unary_unary(_SERVICE + method).future(request, metadata=self._line.metadata)
        with self._held(call):
            try:
                return bytes(call.result())
            except Exception as error:  # noqa: BLE001 whatever it is, who asked is told
                self._tell(error, context)

    def stream(self, method: str, request: bytes, context: Any) -> Iterator[bytes]:
        """The answers to a question."""
        self._require(method, request, context)
        call = self._line.channel.unary_stream(_SERVICE + method)(request, metadata=self._line.metadata)
        context.add_callback(call.cancel)
        with self._held(call):
            try:
                yield from call
                self._over.add(_of(method, request).operation_id)
            except Exception as error:  # noqa: BLE001 whatever it is, who asked is told
                self._tell(error, context)

    @contextmanager
    def _held(self, call: Any) -> Iterator[None]:
        """For as long as an answer is waited for: what is not there at the end is waited for no longer."""
        with self._lock:
            self._calls.add(call)
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)

    def _require(self, method: str, request: bytes, context: Any) -> None:
        """End a question that may not be asked."""
        wrong = self._wrong(method, request)
        if wrong is None:
            return
        import grpc

        with self._lock:
            self.refused.append(wrong)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{wrong.construct}: write {wrong.form}")

    def _stop(self, operation: str) -> None:
        """Let Spark stop what a function that is gone waited for; who is away has nothing to stop."""
        from pyspark.sql.connect.proto import base_pb2

        asked = base_pb2.InterruptRequest(session_id=self._line.session, operation_id=operation)
        asked.interrupt_type = base_pb2.InterruptRequest.INTERRUPT_TYPE_OPERATION_ID
        asked.user_context.user_id = self._line.user or ""
        call = self._line.channel.unary_unary(f"{_SERVICE}Interrupt")
        with suppress(Exception):
            call(asked.SerializeToString(), metadata=self._line.metadata, timeout=_ASKED)

    def _wrong(self, method: str, request: bytes) -> NotAllowed | None:
        if method in ("AddArtifacts", "ArtifactStatus"):
            return _UPLOAD
        asked = _of(method, request)
        if asked.session_id != self._line.session:
            return _NEEDLESS
        match method:
            case "ExecutePlan":
                if asked.plan.WhichOneof("op_type") != "root":
                    return _KNOWN.get(str(asked.plan.command.WhichOneof("command_type")), _NEEDLESS)
                self._operations.add(asked.operation_id)
                return not_allowed(asked.plan, self._views)
            case "AnalyzePlan":
                kind = asked.WhichOneof("analyze")
                return not_allowed(asked, self._views) if kind in _ANALYSES else _KNOWN.get(kind, _NEEDLESS)
            case "Config":
                return None if asked.operation.WhichOneof("op_type") in _SETTINGS_READ else _NEEDLESS
            case "ReattachExecute" | "ReleaseExecute":
                return None if asked.operation_id in self._operations else _NEEDLESS
            case "FetchErrorDetails":
                return None
        return _NEEDLESS

    def _tell(self, error: Exception, context: Any) -> NoReturn:
        import grpc

        code, text = grpc.StatusCode.UNAVAILABLE, str(error)
        if isinstance(error, grpc.RpcError):
            code, text = error.code(), error.details() or ""
            with suppress(Exception):  # what it says beside
                context.set_trailing_metadata(tuple(error.trailing_metadata() or ()))
        if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            with self._lock:
                self.lost = self.lost or error
        context.abort(code, text)
        raise AssertionError("abort raises")


def _of(method: str, request: bytes) -> Any:
    """A question, read."""
    from pyspark.sql.connect.proto import base_pb2

    kinds = {"AnalyzePlan": "AnalyzePlanRequest", "Config": "ConfigRequest", "ExecutePlan": "ExecutePlanRequest"}
    kinds |= {f"{name}Execute": f"{name}ExecuteRequest" for name in ("Reattach", "Release")}
    return getattr(base_pb2, kinds.get(method, "FetchErrorDetailsRequest")).FromString(request)


class _Handler:
    """What grpc asks for each call: how it is answered."""

    def __init__(self, relay: FrameRelay) -> None:
        self._relay = relay

    def service(self, details: Any) -> Any:
        """See `grpc.GenericRpcHandler`."""
        import grpc

        method = str(details.method).removeprefix(_SERVICE)
        answer: Callable[..., Any] = self._relay.unary
        if method in ("ExecutePlan", "ReattachExecute"):
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._relay.stream(method, request, context)
            )
        if method == "AddArtifacts":
            return grpc.stream_unary_rpc_method_handler(lambda _, context: answer(method, b"", context))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: answer(method, request, context))
