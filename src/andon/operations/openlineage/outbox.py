"""Sending events beside the work: a thread with the standard's own client. Whatever happens there fails and holds up nobody."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

_log = logging.getLogger(__name__)
#: So much may wait to be sent; what comes then is lost.
_ROOM = 10_000
#: How long the end of a process waits for what is not sent yet, in seconds.
PATIENCE = 3.0

if TYPE_CHECKING:
    from andon.lineage.openlineage import Document

    Make = Callable[[], Iterable[Document]]


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether the client would find a transport: by its variables, or by `openlineage.yml` where it looks."""
    if environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    if any(environ.get(name) for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")):
        return True
    if any(name.startswith("OPENLINEAGE__TRANSPORT") for name in environ):
        return True
    places = (Path.cwd(), Path(environ.get("HOME", "~")).expanduser() / ".openlineage")
    return any((place / "openlineage.yml").is_file() for place in places)


class LineageOutbox:
    """What is to be told, sent in its order."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Make | None] = queue.Queue(_ROOM)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._lost = 0

    def put(self, make: Make) -> None:
        """Have sent what `make` gives, which is called beside the work, too."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="andon-openlineage", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(make)
        except queue.Full:
            self._lost += 1

    def close(self, patience: float | None = None) -> None:
        """Wait a little for what is not sent yet."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            self._lost += 1
        thread.join(PATIENCE if patience is None else patience)
        left = self._waiting.qsize() if thread.is_alive() else 0
        if left or self._lost:
            _log.warning("OpenLineage: %d events were not sent", left + self._lost)

    def _send(self) -> None:
        client: Any = None
        failed = ""
        while (make := self._waiting.get()) is not None:
            try:
                if client is None:
                    client = _client()
                for event in make():
                    client.emit(_typed(event))
            except Exception as failure:  # noqa: BLE001 - a catalog that is down, or a client that is not well, is nobody's harm
                self._lost += 1
                text = f"{type(failure).__name__}: {failure}"
                if text != failed:
                    failed = text
                    _log.warning("OpenLineage: an event could not be sent: %s", text)
        if client is not None:
            client.close(PATIENCE)


def _client() -> Any:
    try:
        from openlineage.client import OpenLineageClient
    except ImportError as missing:
        raise RuntimeError("it is configured and not installed: pip install 'andon[openlineage]'") from missing
    if not is_configured(os.environ):  # the client would print events, which nobody asked for
        raise RuntimeError("it is configured for this lake, and not for this process")
    return OpenLineageClient()


def _typed(event: Document) -> Any:
    """An event in the client's own types, which check what must be there."""
    from openlineage.client import event_v2 as ol

    return ol.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=ol.Run(runId=event["run"]["runId"], facets=event["run"]["facets"]),
        job=ol.Job(**event["job"]),
        eventType=ol.RunState[event["eventType"]],
        inputs=[ol.InputDataset(**each) for each in event["inputs"]],
        outputs=[ol.OutputDataset(**each) for each in event["outputs"]],
    )
