"""Mails that are to be held unread, and such as come close (security.md M10)."""

from tests.integrations.corpus.case import PLAIN, Case, case, mail, multi, part


def held(data: bytes | str, reason: str) -> Case:
    """A mail that is kept and not read."""
    return case(data, outcome="held", reason=reason, text=None, subject=None)


def deep(depth: int) -> str:
    """Multiparts in each other."""
    heads = (f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return "From: a@x.example\nSubject: deep\n" + "".join(heads) + "\nHi\n"


CASES = {
    "nothing": held("", "unparsable"),
    "blank": held("\n\n\n", "unparsable"),
    "no-mail": held(b"\x7fELF\x02\x01\x01" + b"\0" * 50, "unparsable"),
    "a-picture": held(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "unparsable"),
    "a-page": held("<html><body>Hi</body></html>", "unparsable"),
    "deep": held(deep(21), "too_deep"),
    "very-deep": held(deep(3_000), "too_deep"),
    "mails-in-mails": held(
        "From: a@x.example\n" + "Content-Type: message/rfc822\n\n" * 50 + "x", "too_deep"
    ),
    "parts": held(multi(*[part("x", PLAIN)] * 300), "too_many_parts"),
    "files": held(
        multi(*[part("x", "Content-Disposition: attachment; filename=a")] * 150),
        "too_many_attachments",
    ),
    "addresses": held(
        mail("x", "Cc: " + ", ".join(f"a{n}@x.example" for n in range(600))), "too_many_addresses"
    ),
    "header": held(mail("x", "X-Long: " + "a" * 70_000), "headers_too_large"),
    "headers": held(mail("x", *[f"X-{n}: y" for n in range(40_000)]), "headers_too_large"),
    "header-folded": held(mail("x", "X-Long: a" + "\n a" * 40_000), "headers_too_large"),
    "near-deep": case(deep(18), subject="deep", text="Hi"),
    "near-parts": case(multi(*[part("x", PLAIN)] * 150), text="\n".join(["x"] * 150)),
    "near-header": case(mail("x", "X-Long: " + "a" * 60_000), text="x"),
    "quotes-in-a-header": case(mail("x", "Subject: " + '"' * 30_000), text="x"),
    "comments-in-from": case(mail("x", sender="(" * 20_000 + "a@x.example"), **{"from": None}),
    "words-in-a-subject": case(mail("x", "Subject: " + "=?utf-8?q?a " * 4_000), text="x"),
    "parameters": case(mail("x", kind="text/plain" + "; a*0=x" * 7_000), text="x"),
    "semicolons": case(mail("x", kind="text/plain" + ";" * 60_000), text="x"),
    "delimiters": case(
        mail("--b x\n" * 50_000, kind="multipart/mixed; boundary=b"), attachments=[]
    ),
    "soft-breaks": case(
        mail("=\n" * 300_000 + "x", "Content-Transfer-Encoding: quoted-printable"), text="x"
    ),
    "spaces": case(
        mail(" " * 500_000 + "x", "Content-Transfer-Encoding: quoted-printable"), text="x"
    ),
    "begins": case(mail("begin 644 a\n" * 30_000), attachments=[]),
    "ybegins": case(mail("=ybegin line=1 size=1 name=a\n" * 20_000), attachments=[]),
    "a-line-to-guess": case(mail(b"a" * 2_000_000 + b"\xe9" * 9)),
    "escapes": case(
        mail("\x1b$B\x1b(B" * 40_000 + "x", kind="text/plain; charset=iso-2022-jp"), text="x"
    ),
    "flowed": case(mail("> " * 20_000 + "x \n" * 20_000, kind="text/plain; format=flowed")),
    "calendar": case(mail("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 5_000, kind="text/calendar")),
}
