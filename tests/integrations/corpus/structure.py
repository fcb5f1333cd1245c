"""Trees of parts, well grown and crippled."""

from tests.integrations.corpus.case import (
    BASE64,
    HTML,
    PLAIN,
    QP,
    b64,
    case,
    joined,
    mail,
    multi,
    nested,
    part,
)

T, T2, H = part("One", PLAIN), part("Two", PLAIN), part("<p>Rich</p>", HTML)
PDF = part(b64(b"%PDF-"), "Content-Type: application/pdf; name=a.pdf", BASE64)
A_PDF = ("a.pdf", "application/pdf", 5)
INNER = mail("Inner text\n", "Subject: The first mail", kind="text/plain")
EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Review
DTSTART;TZID=Europe/Berlin:20240305T100000
DTEND;TZID=Europe/Berlin:20240305T110000
LOCATION:Room 4
ORGANIZER;CN=Ann:mailto:ann@x.example
END:VEVENT
END:VCALENDAR
"""
SIGNATURE = part("sig", "Content-Type: application/pgp-signature")

CASES = {
    "mixed": case(multi(T, PDF), text="One", html=None, attachments=[A_PDF]),
    "mixed-texts-in-order": case(multi(T, PDF, T2), text="One\nTwo", attachments=[A_PDF]),
    "mixed-text-then-html": case(multi(T, H), text="One\nRich", html="<p>Rich</p>"),
    "alternative": case(multi(T, H, kind="alternative"), text="One", html="<p>Rich</p>"),
    "alternative-wrong-way": case(multi(H, T, kind="alternative"), text="One", html="<p>Rich</p>"),
    "alternative-empty-text": case(multi(part(" \n", PLAIN), H, kind="alternative"), text="Rich"),
    "alternative-same-twice": case(multi(T, T, kind="alternative"), text="One"),
    "alternative-html-alone": case(multi(H, kind="alternative"), text="Rich", html="<p>Rich</p>"),
    "alternative-in-mixed": case(
        multi(nested(T, H, kind="alternative", boundary="c"), PDF),
        text="One",
        html="<p>Rich</p>",
        attachments=[A_PDF],
    ),
    "alternative-with-related": case(
        multi(T, nested(H, PDF, kind="related", boundary="c"), kind="alternative"),
        text="One",
        html="<p>Rich</p>",
        attachments=[A_PDF],
    ),
    "alternative-with-mixed": case(
        multi(
            T,
            nested(H, PDF, part("<p>End</p>", HTML), kind="mixed", boundary="c"),
            kind="alternative",
        ),
        text="One",
        attachments=[A_PDF],
    ),
    "alternative-spare-html": case(
        multi(T, part("<html amp4email>", "Content-Type: text/x-amp-html"), H, kind="alternative"),
        text="One",
        html="<p>Rich</p>",
        attachments=[],
    ),
    "related-start": case(
        multi(
            part(b64(b"GIF89a"), "Content-Type: image/gif", "Content-ID: <p@x>", BASE64),
            part("<p>Rich</p>", HTML, "Content-ID: <r@x>"),
            kind="related",
            more='; start="<r@x>"',
        ),
        html="<p>Rich</p>",
        attachments=[("part-1.gif", "image/gif", 6)],
    ),
    "signed-pgp": case(
        multi(T, SIGNATURE, kind="signed"),
        text="One",
        attachments=[("signature.asc", "application/pgp-signature", 3)],
    ),
    "signed-smime": case(
        multi(
            T,
            part(b64(b"0"), "Content-Type: application/pkcs7-signature; name=smime.p7s", BASE64),
            kind="signed",
        ),
        text="One",
        attachments=[("smime.p7s", "application/pkcs7-signature", 1)],
    ),
    "encrypted": case(
        multi(
            part("Version: 1", "Content-Type: application/pgp-encrypted"),
            part("-----BEGIN", "Content-Type: application/octet-stream; name=encrypted.asc"),
            kind="encrypted",
        ),
        text=None,
        attachments=[
            ("encrypted.txt", "application/pgp-encrypted", 10),
            ("encrypted.asc", "application/octet-stream", 10),
        ],
    ),
    "parallel": case(multi(T, PDF, kind="parallel"), text="One", attachments=[A_PDF]),
    "unknown-multipart": case(multi(T, PDF, kind="x-new"), text="One", attachments=[A_PDF]),
    "digest": case(
        multi(part(INNER), part(INNER), kind="digest"),
        text=None,
        attachments=[("The first mail.eml", "message/rfc822", len(INNER))] * 2,
    ),
    "appledouble": case(
        multi(
            T,
            nested(
                part(b64(b"fork"), "Content-Type: application/applefile; name=a.pdf", BASE64),
                PDF,
                kind="appledouble",
                boundary="c",
            ),
        ),
        text="One",
        attachments=[("a.pdf", "application/applefile", 4), A_PDF],
    ),
    "message": case(
        multi(T, part(INNER, "Content-Type: message/rfc822")),
        text="One",
        attachments=[("The first mail.eml", "message/rfc822", len(INNER))],
    ),
    "message-crlf": case(
        multi(T, part(INNER, "Content-Type: message/rfc822")).replace(b"\n", b"\r\n"),
        attachments=[("The first mail.eml", "message/rfc822", len(INNER) + INNER.count(b"\n"))],
    ),
    "message-base64": case(
        multi(T, part(b64(INNER), "Content-Type: message/rfc822", BASE64)),
        attachments=[("The first mail.eml", "message/rfc822", len(INNER))],
    ),
    "message-named": case(
        multi(T, part(INNER, 'Content-Type: message/rfc822; name="fwd.eml"')),
        attachments=[("fwd.eml", "message/rfc822", len(INNER))],
    ),
    "message-alone": case(
        mail(INNER, kind="message/rfc822"),
        subject="Help",
        text="Inner text",
        attachments=[("The first mail.eml", "message/rfc822", len(INNER))],
    ),
    "message-empty": case(
        multi(T, part("", "Content-Type: message/rfc822")),
        text="One",
        attachments=[("part-1.eml", "message/rfc822", 0)],
    ),
    "message-global": case(
        multi(T, part(INNER, "Content-Type: message/global")),
        attachments=[("The first mail.eml", "message/global", len(INNER))],
    ),
    "external-body": case(
        multi(
            T,
            part(
                "Content-Type: image/gif\n\nphantom",
                'Content-Type: message/external-body; access-type=URL; URL="http://x.example/"',
            ),
        ),
        text="One",
        attachments=[("part-1.txt", "message/external-body", 32)],
    ),
    "partial": case(
        mail("Subject: inner\n\nHalf of it", kind='message/partial; id="1@x"; number=1; total=2'),
        text="Half of it",
    ),
    "calendar": case(
        multi(T, part(EVENT, "Content-Type: text/calendar; method=REQUEST"), kind="alternative"),
        text="One",
        attachments=[("invite.ics", "text/calendar", len(EVENT))],
    ),
    "calendar-alone": case(
        mail(EVENT, kind="text/calendar"),
        text="Invitation: Review\n"
        "When: March 5, 2024 10:00 UTC+01:00 – March 5, 2024 11:00 UTC+01:00\n"
        "Where: Room 4\nWho: Ann <ann@x.example>",
        attachments=[("invite.ics", "text/calendar", len(EVENT))],
    ),
    "calendar-broken": case(
        mail("BEGIN:VCALENDAR\nnonsense", kind="text/calendar"),
        text=None,
        attachments=[("invite.ics", "text/calendar", 24)],
    ),
    "enriched": case(mail("<bold>Now</bold> <<this", kind="text/enriched"), text="Now <this"),
    "html-alone": case(
        mail("<p>Hello <b>you</b></p>", kind="text/html"),
        text="Hello you",
        html="<p>Hello <b>you</b></p>",
    ),
    "html-as-plain": case(
        mail("<html><p>Hi</p></html>", kind="text/plain"), text="<html><p>Hi</p></html>", html=None
    ),
    "image-alone": case(
        mail(b64(b"GIF89a"), BASE64, kind="image/gif; name=a.gif"),
        text=None,
        html=None,
        attachments=[("a.gif", "image/gif", 6)],
    ),
    "empty-parts": case(multi(part("", PLAIN), part("", HTML)), attachments=[]),
    # The type.
    "type-missing": case(mail("x"), text="x"),
    "type-nonsense": case(mail("x", kind="text"), text="x"),
    "type-more-nonsense": case(mail("x", kind=";;;="), text="x"),
    "type-upper-case": case(mail("<p>x", kind="TEXT/HTML; CHARSET=UTF-8"), html="<p>x"),
    "type-spaces": case(mail("<p>x", kind="text / html ; charset = utf-8"), html="<p>x"),
    "type-no-semicolon": case(mail(b"\xcf", kind="text/plain charset=koi8-r"), text="о"),
    "type-twice": case(mail("<p>x", "Content-Type: text/plain", kind="text/html"), html="<p>x"),
    "type-comment": case(mail("x", kind="text/plain (plain); charset=utf-8"), text="x"),
    "part-without-headers": case(multi(part("x"), PDF), text="x", attachments=[A_PDF]),
    # Boundaries.
    "boundary-unquoted": case(
        mail(joined(T, H), kind="multipart/alternative; boundary=b"), text="One"
    ),
    "boundary-spaces": case(
        mail(joined(T).replace(b"--b\n", b"--b  \n"), kind="multipart/mixed; boundary=b"),
        text="One",
    ),
    "boundary-odd-letters": case(
        mail(joined(T, boundary="=_('x')+?:/"), kind="multipart/mixed; boundary=\"=_('x')+?:/\""),
        text="One",
    ),
    "boundary-extended": case(mail(joined(T), kind='multipart/mixed; boundary*0="b"'), text="One"),
    "boundary-not-declared": case(
        mail(joined(T, PDF), kind="multipart/mixed"), text="One", attachments=[A_PDF]
    ),
    "boundary-another": case(
        mail(joined(T, PDF, boundary="real"), kind="multipart/mixed; boundary=declared"),
        text="One",
        attachments=[A_PDF],
    ),
    "boundary-never-used": case(
        mail("Just text\n", kind="multipart/mixed; boundary=b"), text="Just text", attachments=[]
    ),
    "boundary-in-text": case(multi(part("--bb\n--b x\n-- b", PLAIN)), text="--bb\n--b x\n-- b"),
    "never-closed": case(
        mail(b"--b\n" + T + b"\n--b\n" + PDF, kind="multipart/mixed; boundary=b"),
        text="One",
        attachments=[A_PDF],
    ),
    "closed-too-soon": case(
        mail(joined(T) + joined(PDF), kind="multipart/mixed; boundary=b"),
        text="One",
        attachments=[A_PDF],
    ),
    "inner-never-closed": case(
        multi(part(b"--c\n" + T, "Content-Type: multipart/mixed; boundary=c"), PDF),
        text="One",
        attachments=[A_PDF],
    ),
    "same-boundary": case(
        mail(
            b"--b\n"
            + part("", "Content-Type: multipart/alternative; boundary=b")
            + b"\n"
            + joined(T, H),
            kind="multipart/mixed; boundary=b",
        ),
        text="One",
        html="<p>Rich</p>",
    ),
    "prefix-boundary": case(
        multi(nested(T, boundary="bb", kind="mixed"), PDF), text="One", attachments=[A_PDF]
    ),
    "preamble-and-epilogue": case(
        mail(b"Preamble\n" + joined(T) + b"Epilogue\n", kind="multipart/mixed; boundary=b"),
        text="One",
    ),
    "preamble-only": case(
        mail("Only this\n", kind='multipart/alternative; boundary="b"'), text="Only this"
    ),
    "closing-only": case(mail("--b--\n", kind="multipart/mixed; boundary=b"), attachments=[]),
    "crlf": case(multi(T, PDF).replace(b"\n", b"\r\n"), text="One", attachments=[A_PDF]),
    "cr": case(multi(T, PDF).replace(b"\n", b"\r"), text="One", attachments=[A_PDF]),
    "encoded-multipart": case(
        mail(b64(joined(T, PDF)), BASE64, kind="multipart/mixed; boundary=b"),
        text="One",
        attachments=[A_PDF],
    ),
    "qp-multipart": case(
        mail(joined(T, PDF), QP, kind="multipart/mixed; boundary=b"),
        text="One",
        attachments=[A_PDF],
    ),
}
