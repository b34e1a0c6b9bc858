"""Messages by e-mail, through a server that the project names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import MachineError
from andon.operations.messages.parcel import TIMEOUT

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

    from andon.operations.messages.parcel import Parcel

#: Where mail is handed in, by how it is kept from others.
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def send_mail(parcel: Parcel) -> str | None:
    """Send the message to all addresses; returns which of them the server did not take, if it took others.

    Raises:
        MachineError: `notify.failed`: the server can't be reached, lets nobody in, or takes no address.
    """
    import smtplib

    options = parcel.options
    try:
        with _server(options.get("server", ""), options.get("security", "starttls")) as server:
            if "user" in options:
                server.login(options["user"], options["password"])
            refused = server.send_message(mail_of(parcel))
    except smtplib.SMTPRecipientsRefused as error:
        raise MachineError("notify.failed", _refused(error.recipients)) from error
    except smtplib.SMTPAuthenticationError as error:
        message = f"the server does not let `{options.get('user')}` in: {_words(error.smtp_error)}"
        raise MachineError("notify.failed", message) from error
    except smtplib.SMTPResponseException as error:
        raise MachineError("notify.failed", f"the server says {error.smtp_code}: {_words(error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise MachineError("notify.failed", f"the mail server: {error}") from error
    return _refused(refused) if refused else None


def mail_of(parcel: Parcel) -> EmailMessage:
    """The mail. Its id is the message's, so that one that comes twice can be told."""
    from email.message import EmailMessage
    from email.utils import format_datetime

    from andon.base.clock import from_text

    document, sender = parcel.document, parcel.options["from"]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(parcel.to)
    mail["Subject"] = document.subject
    mail["Date"] = format_datetime(from_text(document.at))
    mail["Message-ID"] = f"<{document.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Andon-Project"] = " ".join(document.project.split())
    mail.set_content(document.text + "\n")
    return mail


def _server(place: str, security: str) -> SMTP:
    import smtplib
    import ssl

    host, _, port = place.rpartition(":") if not place.endswith("]") and ":" in place else (place, "", "")
    if not host:
        raise MachineError("notify.failed", f"`{place}` is no mail server: write `host` or `host:port`")
    number = int(port) if port.isdigit() else _PORTS[security]
    host = host.strip("[]")
    if security == "tls":
        return smtplib.SMTP_SSL(host, number, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(host, number, timeout=TIMEOUT)
    if security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    parts = [f"{address} ({code} {_words(said)})" for address, (code, said) in sorted(recipients.items())]
    return f"the server does not take {', '.join(parts)}"


def _words(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
