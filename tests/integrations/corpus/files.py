"""Files: what they are called, and what stays of a name that wants too much (security.md R05)."""

import struct

from tests.integrations.corpus.case import BASE64, PLAIN, Case, b64, case, mail, multi, part

# Objects of MS-OXTNEF: level, id, type.
_CODEPAGE, _BODY = (1, 0x9007, 6), (1, 0x800C, 2)
_BEGINS, _TITLE, _DATA = (2, 0x9002, 6), (2, 0x8010, 1), (2, 0x800F, 6)


def winmail(*files: tuple[str, bytes], text: str = "") -> bytes:
    """A winmail.dat with these files and this text."""
    objects = [_object(_CODEPAGE, struct.pack("<II", 1252, 0))]
    objects += [_object(_BODY, text.encode("cp1252") + b"\0")] if text else []
    for name, data in files:
        objects += [_object(_BEGINS, b"\0" * 14), _object(_TITLE, name.encode() + b"\0")]
        objects += [_object(_DATA, data)]
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(objects)


def _object(kind: tuple[int, int, int], data: bytes) -> bytes:
    head = struct.pack("<BHHI", *kind, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def outlook(data: bytes, *texts: bytes) -> bytes:
    """A mail with a winmail.dat."""
    return multi(
        *texts, part(b64(data), "Content-Type: application/ms-tnef; name=winmail.dat", BASE64)
    )


def named(disposition: str, name: str, kind: str = "application/pdf") -> Case:
    """A file with this Content-Disposition."""
    file = part(
        b64(b"1234"), f"Content-Type: {kind}", f"Content-Disposition: {disposition}", BASE64
    )
    kind = kind.partition(";")[0].strip().lower()
    return case(multi(part("Hi", PLAIN), file), text="Hi", attachments=[(name, kind, 4)])


CASES = {
    "quoted": named('attachment; filename="a b.pdf"', "a b.pdf"),
    "bare": named("attachment; filename=a.pdf; size=4", "a.pdf"),
    "bare-spaces": named("attachment; filename=a b c.pdf", "a b c.pdf"),
    "single-quotes": named("attachment; filename='a.pdf'", "a.pdf"),
    "escaped": named(r'attachment; filename="a \"b\".pdf"', 'a "b".pdf'),
    "semicolon-inside": named('attachment; filename="a;b.pdf"', "a;b.pdf"),
    "no-semicolon": named('attachment filename="a.pdf"', "a.pdf"),
    "no-semicolon-between": named("attachment; filename=a.pdf size=4", "a.pdf"),
    "never-closed": named('attachment; filename="a.pdf', "a.pdf"),
    "upper-case": named("ATTACHMENT; FILENAME=A.PDF", "A.PDF"),
    "folded": named('attachment;\n filename="a\n b.pdf"', "a b.pdf"),
    "name-alone": named("attachment", "n.pdf", "application/pdf; name=n.pdf"),
    "both-names": named("attachment; filename=d.pdf", "d.pdf", "application/pdf; name=n.pdf"),
    "inline": named("inline; filename=a.pdf", "a.pdf"),
    "unknown-word": named("x-special; filename=a.pdf", "a.pdf"),
    "no-name": named("attachment", "part-1.pdf"),
    "empty-name": named('attachment; filename=""', "part-1.pdf"),
    "text-file": named("attachment; filename=a.txt", "a.txt", "text/plain"),
    "text-inline": named("inline; filename=a.txt", "a.txt", "text/plain"),
    "html-file": named("attachment; filename=a.html", "a.html", "text/html"),
    # RFC 2231, and near it.
    "extended": named("attachment; filename*=utf-8'de'B%C3%BCcher.pdf", "Bücher.pdf"),
    "extended-latin1": named("attachment; filename*=iso-8859-1''B%FCcher.pdf", "Bücher.pdf"),
    "extended-wins": named("attachment; filename=x.pdf; filename*=utf-8''y.pdf", "y.pdf"),
    "extended-quoted": named("attachment; filename*=\"utf-8''B%C3%BCcher.pdf\"", "Bücher.pdf"),
    "extended-no-charset": named("attachment; filename*=B%C3%BCcher.pdf", "Bücher.pdf"),
    "extended-bad-charset": named("attachment; filename*=klingon''B%C3%BC.pdf", "Bü.pdf"),
    "continued": named('attachment; filename*0="long "; filename*1="name.pdf"', "long name.pdf"),
    "continued-coded": named(
        "attachment; filename*0*=utf-8''B%C3%BC; filename*1*=cher%20; filename*2=x.pdf",
        "Bücher x.pdf",
    ),
    "continued-in-a-letter": named(
        "attachment; filename*0*=utf-8''B%C3; filename*1*=%BC.pdf", "Bü.pdf"
    ),
    "continued-mixed-up": named('attachment; filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
    "continued-with-a-gap": named('attachment; filename*0="a"; filename*2="b.pdf"', "ab.pdf"),
    "continued-from-one": named('attachment; filename*1="a"; filename*2="b.pdf"', "ab.pdf"),
    "percent-is-plain": named('attachment; filename="50%25.pdf"', "50%25.pdf"),
    "word": named('attachment; filename="=?utf-8?q?B=C3=BCcher.pdf?="', "Bücher.pdf"),
    "words": named(
        'attachment; filename="=?utf-8?b?QsO8?=\n =?utf-8?b?Y2hlci5wZGY=?="', "Bücher.pdf"
    ),
    "word-bare": named("attachment; filename==?utf-8?q?B=C3=BCcher.pdf?=", "Bücher.pdf"),
    "raw": named('attachment; filename="Bücher.pdf"', "Bücher.pdf"),
    "emoji": named('attachment; filename="😀.pdf"', "😀.pdf"),
    # Names that want too much.
    "path": named('attachment; filename="../../etc/passwd"', "passwd"),
    "windows-path": named(r'attachment; filename="C:\Users\ann\a.pdf"', "a.pdf"),
    "encoded-path": named("attachment; filename*=utf-8''..%2F..%2Fa.pdf", "a.pdf"),
    "dots": named('attachment; filename=".."', "part-1.pdf"),
    "slash": named('attachment; filename="/"', "part-1.pdf"),
    "hidden": named('attachment; filename=".htaccess"', "htaccess"),
    "zero-width-hidden": named('attachment; filename="\u200b.htaccess"', "htaccess"),
    "reversed": named('attachment; filename="a\u202efdp.exe"', "afdp.exe"),
    "trailing-dot": named('attachment; filename="a.exe. "', "a.exe"),
    "nul": named("attachment; filename*=utf-8''a%00b.pdf", "ab.pdf"),
    "line-break": named(
        "attachment; filename*=utf-8''a%0D%0ASet-Cookie:x.pdf", "a Set-Cookie:x.pdf"
    ),
    "long": named(f'attachment; filename="{"x" * 300}.pdf"', "x" * 196 + ".pdf"),
    "device": named('attachment; filename="CON"', "CON"),
    # Kinds.
    "svg": named("attachment; filename=a.svg", "a.svg", "IMAGE/SVG+XML; x"),
    "no-type": case(
        multi(part("Hi", PLAIN), part("1234", "Content-Disposition: attachment; filename=a.bin")),
        attachments=[("a.bin", "text/plain", 4)],
    ),
    "damaged-base64": case(
        multi(part("Hi", PLAIN), part("AAAAA!", "Content-Type: image/png; name=a.png", BASE64)),
        attachments=[("a.png", "image/png", 3)],
    ),
    "binary": case(
        multi(
            part("Hi", PLAIN),
            part(
                b"\x00\r\n\xff\r\x80",
                "Content-Type: application/x; name=a",
                "Content-Transfer-Encoding: binary",
            ),
        ),
        attachments=[("a", "application/x", 6)],
    ),
    "winmail-broken": case(
        mail(
            b64(b"\x78\x9f\x3e\x22" + b"\xff" * 40),
            BASE64,
            kind="application/ms-tnef; name=winmail.dat",
        ),
        attachments=[("winmail.dat", "application/ms-tnef", 44)],
    ),
    "winmail": case(
        outlook(winmail(("a.pdf", b"%PDF-"), ("b.txt", b"hello world"), text="Inside é")),
        text="Inside é",
        attachments=[("a.pdf", "application/pdf", 5), ("b.txt", "text/plain", 11)],
    ),
    "winmail-beside-text": case(
        outlook(winmail(("a.pdf", b"%PDF-"), text="Inside"), part("Hi", PLAIN)),
        text="Hi",
        attachments=[("a.pdf", "application/pdf", 5)],
    ),
    "winmail-cut": case(
        outlook(winmail(("a.txt", b"hello"), ("b.txt", b"hello world"))[:-9], part("Hi", PLAIN)),
        text="Hi",
        attachments=[
            ("a.txt", "text/plain", 5),
            ("b.txt", "text/plain", 2),
            ("winmail.dat", "application/ms-tnef", 138),
        ],
    ),
    "winmail-empty": case(
        mail("", BASE64, kind="application/ms-tnef; name=winmail.dat"),
        attachments=[("winmail.dat", "application/ms-tnef", 0)],
    ),
}
