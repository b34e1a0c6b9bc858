"""Requests to a server that speaks S3 which the library has no call for: signed (AWS Signature Version 4) and sent by hand."""

from __future__ import annotations

import hashlib
import hmac
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from andon.base.s3 import REGION

_ALGORITHM = "AWS4-HMAC-SHA256"


def ask_s3(
    method: str,
    bucket: str,
    options: Mapping[str, str],
    *,
    key: str = "",
    query: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> bytes:
    """What a server answers to a request without a body.

    Args:
        options: of a connection of kind `s3`, with `key` and `secret`, references resolved.
        key: of the object, empty for the bucket.

    Raises:
        OSError: no answer, or one that says no (`urllib.error.HTTPError`).
    """
    region = options.get("region") or REGION
    endpoint = (options.get("endpoint") or f"https://s3.{region}.amazonaws.com").rstrip("/")
    path = quote(f"/{bucket}/{key}" if key else f"/{bucket}")
    asked = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted((query or {}).items()))
    now = datetime.now(UTC)
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": urlsplit(endpoint).netloc,
        "x-amz-content-sha256": empty,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    if options.get("session_token"):
        headers["x-amz-security-token"] = options["session_token"]
    signed = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    whole = "\n".join([method, path, asked, *lines, "", signed, empty])
    scope = f"{now:%Y%m%d}/{region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, headers["x-amz-date"], scope, hashlib.sha256(whole.encode()).hexdigest()])
    secret = f"AWS4{options.get('secret', '')}".encode()
    for part in (f"{now:%Y%m%d}", region, "s3", "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={options.get('key', '')}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    address = f"{endpoint}{path}{'?' + asked if asked else ''}"
    request = urllib.request.Request(address, method=method, headers=headers)  # noqa: S310  the server that holds the lake
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
        return bytes(answer.read())
