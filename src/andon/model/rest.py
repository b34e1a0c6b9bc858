"""How an HTTP API is asked for the rows of a source: addresses, pages, what is new. Secrets are references and never values."""

from __future__ import annotations

from andon.base.record import Record

#: The ways in which an API hands out pages.
PAGES = ("none", "page", "offset", "cursor", "link")
#: The ways in which a caller is known to an API, each with what it takes.
SIGNS = ("bearer", "basic", "header", "query")


class Sign(Record, omit_defaults=True):
    """How a caller is known.

    Attributes:
        way: one of `SIGNS`.
        name: of the user, the header or the parameter.
        value: the token or password, as references.
    """

    way: str
    value: str
    name: str = ""


class Pages(Record, omit_defaults=True):
    """How pages follow each other.

    Attributes:
        by: one of `PAGES`.
        param: the parameter that says which page is meant.
        size_param, size: the parameter that says how many records a page holds, and what is sent.
        start: the number of the first page, or the first offset.
        next: path to what the next page is asked with: the value of `param`, or without `param` its address.
        most: more pages than that are an error.
    """

    by: str = "none"
    param: str | None = None
    size_param: str | None = None
    size: int | None = None
    start: int = 0
    next: tuple[str, ...] = ()
    most: int = 10_000


class Since(Record, omit_defaults=True):
    """How only what is new is asked for: the greatest value of `field` that was loaded is sent as `param`; `start` at first."""

    field: str
    param: str
    start: str | None = None


class Rest(Record, omit_defaults=True):
    """An HTTP API.

    Attributes:
        url: of the first page, without parameters that change.
        params, headers: sent with each request; references in them are resolved.
        sign: how the caller is known.
        pages: how pages follow each other.
        records: path to the list of records in a page; empty: the page is the list.
        total: path to the number of all records, where the API tells it.
        since: how only what is new is asked for.
        seconds_apart: so much time passes from one request to the next.
        retries: how often a request that failed is tried again.
        timeout: seconds without a byte after which a request failed.
        hosts: other hosts (`host` or `host:port`) that redirects and addresses of next pages may lead to.
        types: by column, as far as they are stated; the records say the others.
    """

    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    sign: Sign | None = None
    pages: Pages = Pages()
    records: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    since: Since | None = None
    seconds_apart: float = 0.0
    retries: int = 4
    timeout: float = 30.0
    hosts: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        """The host that is asked, with its port where one is stated."""
        return self.url.partition("://")[2].partition("/")[0].partition("?")[0]
