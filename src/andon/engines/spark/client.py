"""Loading the client of Spark Connect, which is heavy and takes some processes for its own doctests."""

from __future__ import annotations

import sys
import threading
import warnings
from typing import Any

_loading = threading.Lock()


def client_session() -> Any:
    """The client's class of sessions."""
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pandas, which nothing of this uses
        # Where the main program is no file (`python -c`, workers), it would look for Spark's own tests, and end the process.
        is_odd = not hasattr(sys, "ps1")
        if is_odd:
            sys.ps1 = ""
        try:
            from pyspark.sql.connect.session import SparkSession
        finally:
            if is_odd:
                del sys.ps1
    # What follows from it is an error of ours.
    warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
    return SparkSession
