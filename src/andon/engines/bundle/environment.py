"""The environment of a stage in the forms that others read: for conda, as a container, as a list of what is in it. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from andon.base.record import Record
from andon.model.lock import read_lock

_PIN = re.compile(r"(?P<name>[^=\s]+)==(?P<version>[^\s;]+)")
_HASH = re.compile(r"--hash=sha(?P<size>256|384|512):(?P<content>[0-9a-f]+)")


class PinnedPackage(Record):
    """A package of a lock: its hashes as `(SHA-256, hex)`, one for each file that there is of it."""

    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]


def pinned(lock: str) -> list[PinnedPackage]:
    """The packages that a lock pins, in its order."""
    found = []
    for pin in read_lock(lock)[0]:
        head = _PIN.match(pin)
        if head is not None:
            hashes = tuple((f"SHA-{each['size']}", each["content"]) for each in _HASH.finditer(pin))
            found.append(PinnedPackage(head["name"], head["version"], hashes))
    return found


def conda_environment(name: str, python: str) -> str:
    """`environment.yml`: Python of conda, the packages by pip with their hashes."""
    return (
        f"name: {name.replace('.', '-').replace('/', '-')}\n"
        "channels:\n  - conda-forge\n"
        "dependencies:\n"
        f"  - python={python}\n"
        "  - pip\n"
        "  - pip:\n"
        "      - -r requirements.txt\n"
    )


def dockerfile(python: str, *, offline: bool) -> str:
    """What makes a container in which the stage is made again; the folder is what it is built from."""
    wheels = "COPY env/wheels env/wheels\n" if offline else ""
    index = "--no-index --find-links env/wheels " if offline else ""
    return (
        "# docker build -f env/Dockerfile -t stage . && docker run --rm --network none stage\n"
        f"FROM python:{python}-slim\n"
        "WORKDIR /stage\n"
        "COPY env/requirements.txt env/requirements.txt\n"
        f"{wheels}"
        f"RUN pip install --no-cache-dir {index}--require-hashes --requirement env/requirements.txt\n"
        "COPY . .\n"
        'CMD ["python", "run.py"]\n'
    )


def bill_of_materials(dataset: str, version: str | None, lock: str) -> str:
    """The packages as CycloneDX 1.5."""
    components: list[dict[str, Any]] = [
        {
            "type": "library",
            "bom-ref": f"{each.name}=={each.version}",
            "name": each.name,
            "version": each.version,
            "purl": f"pkg:pypi/{each.name.lower()}@{each.version}",
            "hashes": [{"alg": kind, "content": content} for kind, content in each.hashes],
        }
        for each in pinned(lock)
    ]
    stage: dict[str, Any] = {"type": "application", "bom-ref": dataset, "name": dataset}
    if version is not None:
        stage["version"] = version
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": stage},
        "components": components,
        "dependencies": [{"ref": dataset, "dependsOn": [each["bom-ref"] for each in components]}],
    }
    return json.dumps(document, indent=1) + "\n"
