"""A contract as YAML, with every text written so that it is a text by any version of YAML."""

from __future__ import annotations

import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z$_][\w.@/+()$-]*(?: [\w.@/+()$-]+)*\Z", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


def yaml_of(contract: dict[str, Any]) -> str:
    """The document as the text of a file."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts as texts, and no aliases."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the library calls it
            return True

    def text(dumper: Any, data: str) -> Any:
        is_plain = _PLAIN.match(data) is not None and data.lower() not in _WORDS
        is_block = (
            "\n" in data and data.isprintable() is False and not re.search(r"[^\S\n]\n|\A\s|[^\n\x20-\x7e]", data)
        )
        style = None if is_plain else "|" if is_block else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(contract, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return written
