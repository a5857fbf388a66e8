"""Mail: subject, sender and date of a message, and its text; attachments are named, not read.

Runs in the worker only.
"""

from __future__ import annotations

import re
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import islice

from qa.corpus.decoding import UnreadableError, decode
from qa.corpus.fields import clean, one_line
from qa.corpus.markup import text_of
from qa.types import Limits

EXPECTED = ("From", "Date", "Subject", "Message-ID", "Received")  # what has none of these is no mail
MAX_PARTS = 1_000
QUOTED = "//blockquote[@type='cite' or contains(@class, 'gmail_quote')]"  # what a mail program quotes
MAX_NAMED = 5  # attachments named in a remark
ADDRESS = re.compile(r"<?https?://\S+")
FULLER = 1.5  # HTML is read where it has so many times the words of the plain text beside it
# Lines that begin with `>`, and the paragraph before them if it ends in a colon: `On Monday, Ann wrote:`.
INTRODUCED = re.compile(
    r"(?:^(?!>)[^\n]{1,200}(?:\n(?!>)[^\n]{1,200})?:[ \t]*\n\s{0,9})?(?:^[ \t]{0,3}>[^\n]*\n)+", re.MULTILINE
)
WRAPPED = re.compile(r"(?<! ) \r?\n(?=\S)(?!>)")  # format=flowed: a space at a line's end says that it goes on


def extract(data: bytes, limits: Limits) -> dict[str, object]:
    """Return text and fields of a mail; `key` is its Message-ID. Raises `UnreadableError`."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data.lstrip())
    if not any(name in message for name in EXPECTED):
        raise UnreadableError("is no mail: it has no From, Date or Subject; save it again from the mail program")
    if message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
        raise UnreadableError("is encrypted; save its text from the mail program")
    attached: list[str] = []
    whole = clean(_body(message, limits, attached))
    text = own_words(whole) if "In-Reply-To" in message or "References" in message else whole
    if not text:
        cause = f"holds no text; its attachments are not read: {_named(attached)}" if attached else "holds no text"
        raise UnreadableError(f"{cause}; save what it brings as files of their own")
    return {
        "text": re.sub(r"\n{3,}", "\n\n", text),
        "title": _header(message, "Subject"),
        "source": _sender(message),
        "published": _date(message),
        "dated_by": "header `Date`",
        "key": (_header(message, "Message-ID") or "").strip("<> "),
        "remarks": [
            *([f"attachments are not read: {_named(attached)}"] if attached else []),
            *(["quotes of earlier mails are left out"] if text != whole else []),
        ],
    }


def own_words(text: str) -> str:
    """Return the text of a reply without what it quotes, which another wrote, and the line that says who.

    A reply that says nothing of its own stays as it is.
    """
    kept = INTRODUCED.sub("", text + "\n")
    return re.sub(r"\n{3,}", "\n\n", kept).strip() if re.search(r"\w", kept) else text


def _named(attached: list[str]) -> str:
    more = len(attached) - MAX_NAMED
    return ", ".join(attached[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _body(part: EmailMessage, limits: Limits, attached: list[str]) -> str:
    """Return the text of a part and those inside it; `attached` collects the names of what is left out."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment" or (not part.is_multipart() and not kind.startswith("text/")):
        attached.append(one_line(_filename(part), 80) or kind)
        return ""
    if kind == "message/rfc822":
        attached.append("a forwarded message")
        return ""
    if part.is_multipart():
        texts = [
            _body(p, limits, attached) for p in islice(part.iter_parts(), MAX_PARTS) if isinstance(p, EmailMessage)
        ]
        return _fullest(texts) if kind == "multipart/alternative" else "\n\n".join(filter(None, texts))
    return _text(part, kind, limits)


def _filename(part: EmailMessage) -> str | None:
    try:
        return part.get_filename()
    except Exception:  # the header parsers raise whatever a broken parameter provokes
        return None


def _fullest(texts: list[str]) -> str:
    """Return the first text, or a later one that says much more: newsletters send a stub beside their HTML."""
    best = ""
    for text in texts:
        if _words(text) > FULLER * _words(best):
            best = text
    return best


def _words(text: str) -> int:
    return len(re.findall(r"\w+", ADDRESS.sub("", text)))


def _text(part: EmailMessage, kind: str, limits: Limits) -> str:
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else b""
    try:
        text = data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeError):  # no such encoding, or not this one
        text = decode(data)[0]
    if kind == "text/html":
        return text_of(text, limits, QUOTED)
    flowed = 'format="flowed"' in str(part.get("Content-Type", "")).lower().replace("=flowed", '="flowed"')
    return (WRAPPED.sub(" ", text) if flowed else text).strip()


def _header(message: EmailMessage, name: str) -> str | None:
    try:
        return one_line(message[name])
    except Exception:  # as above
        return None


def _sender(message: EmailMessage) -> str | None:
    """Return the name of the sender, else the address."""
    try:
        address = message["From"].addresses[0]
        return one_line(address.display_name) or one_line(address.addr_spec)
    except Exception:  # as above, and there may be none
        return _header(message, "From")


def _date(message: EmailMessage) -> str | None:
    """Return the day on which the mail was sent, by the sender's clock."""
    try:
        sent = message["Date"].datetime
    except Exception:  # as above
        return None
    return sent.date().isoformat() if isinstance(sent, datetime) else None
