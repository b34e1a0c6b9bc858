"""Python datasets: locks, environments, and the child process that runs a function on Parquet and writes Parquet.

    task.py         what a run of one dataset needs, and what came of it
    lock.py         packages pinned with hashes, for all platforms
    environment.py  an environment of exactly a lock, made once and shared
    run.py          the child process: start, limits, end, errors
    uv_tool.py      calling uv
    child/          what runs in the child; knows nothing of the rest of Andon

This package reads no project and no catalog: code, lock and data files are handed to it.
"""
