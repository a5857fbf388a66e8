"""Mail: what a message says, by whom and when."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from qa.corpus.decoding import UnreadableError
from qa.corpus.mail import extract
from qa.types import Limits
from tests.corpus.samples import HTML, LOAN, ROUTE, TERM, mail

LIMITS = Limits()


def test_plain_mail_has_subject_sender_date_and_key() -> None:
    assert extract(mail(), LIMITS) == {
        "text": f"{LOAN}\n{TERM}",
        "title": "Loan for the northern railway",
        "source": "Rail Gazette",
        "published": "2016-06-29",
        "dated_by": "header `Date`",
        "key": "loan@example.org",
        "remarks": [],
    }


def test_encoded_headers_are_decoded_and_an_address_serves_for_a_name() -> None:
    found = extract(mail(Subject="Zürich: Bahn fährt", From="desk@example.org"), LIMITS)
    assert (found["title"], found["source"]) == ("Zürich: Bahn fährt", "desk@example.org")


def test_newsletter_is_read_from_its_html_where_the_plain_text_is_a_stub() -> None:
    text = str(extract(mail("Read this in your browser: https://example.org/x", HTML), LIMITS)["text"])
    assert LOAN in text
    assert "Year | Cost\n2016 | 400" in text
    assert "alert" not in text
    assert "browser" not in text


def test_plain_text_that_says_as_much_is_read() -> None:
    found = extract(mail(f"{LOAN}\n{TERM}", f"<p>{LOAN}</p><p>{TERM}</p><p>Unsubscribe</p>"), LIMITS)
    assert found["text"] == f"{LOAN}\n{TERM}"


def test_attachments_and_forwarded_mails_are_named_and_not_read() -> None:
    message = EmailMessage()
    message["Subject"] = "Report"
    message.set_content(LOAN)
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="report.pdf")
    message.add_attachment(ROUTE, filename="route.txt")
    message.add_attachment(EmailMessage())
    found = extract(bytes(message), LIMITS)
    assert found["text"] == LOAN
    assert found["remarks"] == ["attachments are not read: report.pdf, route.txt, message/rfc822"]


def test_lines_that_flow_are_joined() -> None:
    data = b"Subject: x\nContent-Type: text/plain; format=flowed\n\nThe bank \nlends.\nIt pays.\n"
    assert extract(data, LIMITS)["text"] == "The bank lends.\nIt pays."


def test_unknown_encoding_is_guessed() -> None:
    data = b"Subject: x\nContent-Type: text/plain; charset=nonsense\n\nIt costs 5 \xe2\x82\xac.\n"
    assert extract(data, LIMITS)["text"] == "It costs 5 €."


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"Just a text.\n\nOf two lines.", "is no mail"),
        (b"Subject: x\n\n \n", "holds no text"),
        (b"Subject: x\nContent-Type: application/pdf\n\nJVBERg==", "holds no text; its attachments are not read"),
        (b"Subject: x\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--", "is encrypted"),
    ],
)
def test_what_has_no_text_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{cause}"):
        extract(data, LIMITS)


@pytest.mark.parametrize(
    "body",
    [
        f"{TERM}\n\nOn Monday, Ann <a@example.org>\nwrote:\n\n> {LOAN}\n> > {ROUTE}\n\nBob\n",
        f"> {LOAN}\n{TERM}\n\n> {ROUTE}\n\nBob",
    ],
)
def test_what_a_reply_quotes_is_another_s_and_left_out(body: str) -> None:
    found = extract(mail(body, In__Reply__To="<1@example.org>"), LIMITS)
    assert found["text"] == f"{TERM}\n\nBob"
    assert found["remarks"] == ["quotes of earlier mails are left out"]


def test_quotes_of_html_are_left_out_too() -> None:
    html = f"<p>{TERM}</p><div>On Monday, Ann wrote:<br></div><blockquote type=cite><p>{LOAN}</p>{ROUTE}</blockquote>"
    found = extract(mail("x", html, References="<1@example.org>"), LIMITS)
    assert found["text"] == TERM


@pytest.mark.parametrize("headers", [{}, {"In__Reply__To": "<1@example.org>"}])
def test_quotes_stay_where_there_is_nothing_else_or_no_mail_before(headers: dict[str, str]) -> None:
    assert extract(mail(f"> {LOAN}\n", **headers), LIMITS)["text"] == f"> {LOAN}"


def test_broken_headers_leave_fields_out() -> None:
    data = b"Subject: =?utf-8?q?=ff=fe?=\nFrom: <<<>>\nDate: yesterday\n\n" + LOAN.encode()
    found = extract(data, LIMITS)
    assert found["published"] is None
    assert found["text"] == LOAN
