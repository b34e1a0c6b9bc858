"""Reaching a bucket of a server that speaks S3: how it is asked, who asks, and what its errors mean. No word of a source or a lake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from andon.errors import UsageError

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
#: How obstore calls what a connection states.
_OPTIONS = {
    "endpoint": "endpoint",
    "region": "region",
    "key": "access_key_id",
    "secret": "secret_access_key",
    "session_token": "session_token",
}
#: The same as other tools read it of the environment.
_VARIABLES = {
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "key": ("AWS_ACCESS_KEY_ID",),
    "secret": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
}
#: The same in the files of profiles.
_PROFILE = {
    "endpoint_url": "endpoint",
    "region": "region",
    "aws_access_key_id": "key",
    "aws_secret_access_key": "secret",
    "aws_session_token": "session_token",
}
#: Other ways in which a profile says who asks.
_OTHER_WAYS = ("role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file")
REGION = "us-east-1"


def bucket_and_key(url: str) -> tuple[str, str]:
    """The parts of `s3://bucket/key`."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    return bucket, key


def ambient_options(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment, and a profile that it names, say of who asks: as options of a connection of kind `s3`.

    Without a key in either, who asks is what the machine's role says (see `s3_store`).

    Raises:
        UsageError: `usage.bad_argument` for a profile that is not there, or that is not understood.
    """
    found = {
        option: value
        for option, names in _VARIABLES.items()
        if (value := next((environ[name] for name in names if environ.get(name)), ""))
    }
    return found if "key" in found else {**_of_profile(environ), **found}


def s3_store(
    bucket: str, options: Mapping[str, str], *, timeout: str, read_time: str, retries: int, anonymous: bool
) -> S3Store:
    """A bucket as the library asks for it; every kind of error but a refusal is asked again with growing, jittered pauses.

    Args:
        options: of a connection of kind `s3`, references resolved.
        timeout: of a whole request.
        read_time: so long the server may be silent.
        anonymous: whether who names no key asks as nobody; else the machine's role is asked for.

    Raises:
        ImportError: the library is not installed.
    """
    from obstore.store import S3Store

    config = {name: options[key] for key, name in _OPTIONS.items() if options.get(key)}
    config.setdefault("region", REGION)
    if anonymous and not options.get("key"):
        config["skip_signature"] = "true"
    client: Any = {
        "timeout": timeout,
        "read_timeout": read_time,
        "connect_timeout": "10s",
        "allow_http": config.get("endpoint", "").startswith("http://"),
    }
    retry: Any = {"max_retries": retries, "retry_timeout": timedelta(minutes=3)}
    return S3Store(
        bucket,
        virtual_hosted_style_request="endpoint" not in config,
        client_options=client,
        retry_config=retry,
        **config,  # type: ignore[arg-type]
    )


def is_refusal(error: Exception) -> bool:
    """Whether an error of the library says that who asks may not."""
    import obstore

    denied = obstore.exceptions.PermissionDeniedError, obstore.exceptions.UnauthenticatedError
    return isinstance(error, denied) or any(f" {status} " in str(error) for status in (401, 403))


def is_misdirected(error: Exception) -> bool:
    """Whether an error of the library says that the server is asked in a way it does not answer: another region, another address."""
    text = str(error)
    return "redirect without LOCATION" in text or any(f" {status} " in text for status in (301, 307, 400))


def reason(error: Exception) -> str:
    """The part of the library's message that says why no answer came; the rest may hold who asked."""
    text = str(error)
    for sign, why in (
        ("timed out", "it does not answer in time"),
        ("TimedOut", "it does not answer in time"),
        ("Server returned non-2xx status code: 5", "the server has an error"),
        ("dns error", "its name is not known"),
        ("onnection refused", "nothing listens there"),
        ("error sending request", "no connection"),
        ("error decoding response body", "the connection broke"),
    ):
        if sign in text:
            return why
    return "no answer that can be read"


def _of_profile(environ: Mapping[str, str]) -> dict[str, str]:
    """What the chosen profile says, as the tools of AWS keep it in two files.

    Raises:
        UsageError: `usage.bad_argument` for one that is named and not there, or that says in another way who asks: as nobody else is taken.
    """
    named = environ.get("AWS_PROFILE")
    profile = named or "default"
    home = Path(environ.get("HOME") or "~").expanduser() / ".aws"
    found: dict[str, str] = {}
    for variable, name, section in (
        ("AWS_CONFIG_FILE", "config", profile if profile == "default" else f"profile {profile}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile),
    ):
        found |= _section(Path(environ.get(variable) or home / name), section)
    if named and not found:
        raise UsageError(
            "usage.bad_argument",
            f"the profile `{profile}` that `AWS_PROFILE` names is not there, or says nothing",
            where="AWS_PROFILE",
            hint=f"look into `{home / 'config'}` and `{home / 'credentials'}`, or unset `AWS_PROFILE`",
        )
    other = next((key for key in _OTHER_WAYS if found.get(key)), None)
    if other is not None:
        raise UsageError(
            "usage.bad_argument",
            f"the profile `{profile}` says who asks by `{other}`, which is not understood here",
            where="AWS_PROFILE",
            hint=f'`eval "$(aws configure export-credentials --profile {quote(profile)} --format env)"` puts its key into the environment',
        )
    return {_PROFILE[key]: value for key, value in found.items() if key in _PROFILE and value}


def _section(file: Path, section: str) -> dict[str, str]:
    """A section of a file of profiles; empty where it is not there, or the file can't be read."""
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return dict(parser.items(section)) if parser.has_section(section) else {}
