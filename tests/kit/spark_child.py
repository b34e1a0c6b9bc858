"""Runs in the environment of `kit/spark.py`, which has nothing of Andon: a Spark Connect endpoint and a client of it.

Takes one JSON document a line, and answers with one: `{"views": {name: [files]}}`, `{"settings": {…}}` or `{"sql": […], "into": folder}`,
whose results are Arrow files. The first line that it says is the address of the endpoint.
"""

import json
import socket
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def main() -> None:
    # What servers print is nobody's answer.
    answers = sys.stdout
    sys.stdout = sys.stderr
    session, url = _session(sys.argv[1])

    def say(answer: object) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    say({"url": url, "version": session.version})
    for line in sys.stdin:
        try:
            say(_answer(session, json.loads(line)))
        except Exception as error:  # noqa: BLE001 the one that asked wants to know
            say({"error": _reason(error)})


#: Servers of this process: one that nothing holds is shut down.
_held: list = []


def _session(kind: str) -> tuple:
    from pyspark.sql import SparkSession

    if kind == "sail":
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer(ip="127.0.0.1", port=_free_port())
        server.start(background=True)
        _held.append(server)
        address = server.listening_address
        url = f"sc://{address[0]}:{address[1]}"
    elif kind == "jvm":
        # in this process and its Java; the port is Spark's own for that, which others of this machine may have
        url = "local[2]"
    else:
        url = kind
    return SparkSession.builder.remote(url).getOrCreate(), url


def _answer(session, asked):
    if "views" in asked:
        for name, files in asked["views"].items():
            session.read.parquet(*files).createOrReplaceTempView(name)
        return {}
    if "settings" in asked:
        for name, value in asked["settings"].items():
            session.conf.set(name, value)
        return {}
    return {
        "results": [_result(session, sql, Path(asked["into"]) / f"{n}.arrow") for n, sql in enumerate(asked["sql"])]
    }


def _result(session, sql, path):
    import pyarrow

    try:
        table = session.sql(sql).toArrow()
    except Exception as error:  # noqa: BLE001 each query has its own outcome
        return {"error": _reason(error)}
    with pyarrow.OSFile(str(path), "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {"arrow": str(path)}


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
