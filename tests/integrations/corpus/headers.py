"""Subjects and the way headers are written."""

from tests.integrations.corpus.case import Case, case, mail


def subject(raw: str | bytes, said: str) -> Case:
    """A mail with this subject as written, and as it is to be read."""
    line = b"Subject: " + (raw if isinstance(raw, bytes) else raw.encode())
    return case(mail("x", line), subject=said, text="x")


CASES = {
    # RFC 2047, as it should be.
    "q": subject("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    "b": subject("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
    "language": subject("=?iso-8859-1*de?Q?Gr=FC=DFe?=", "Grüße"),
    "underscore": subject("=?utf-8?q?a_b=5Fc?=", "a b_c"),
    "two-words": subject("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
    "two-charsets": subject("=?iso-8859-1?q?=FC?= =?koi8-r?b?8NLJ18XU?=", "üПривет"),
    "words-and-text": subject("Re: =?utf-8?q?caf=C3=A9?= today", "Re: café today"),
    "japanese": subject("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
    "folded": subject("=?utf-8?q?one?=\n =?utf-8?q?two?=\n three", "onetwo three"),
    # And as it is not.
    "cut-inside-a-letter": subject("=?utf-8?q?Gr=C3?= =?utf-8?q?=BCn?=", "Grün"),
    "cut-inside-base64": subject("=?utf-8?b?R3LD?=\n =?utf-8?b?vG4=?=", "Grün"),
    "spaces-inside": subject("=?utf-8?q?Hello big world?=", "Hello big world"),
    "question-mark-inside": subject("=?utf-8?q?Really?_Yes?=", "Really? Yes"),
    "no-padding": subject("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
    "no-charset": subject("=??q?Gr=C3=BCn?=", "Grün"),
    "unknown-charset": subject("=?x-klingon?q?Gr=C3=BCn?=", "Grün"),
    "wrong-charset": subject("=?us-ascii?q?Gr=C3=BCn?=", "Grün"),
    "wrong-letter": subject("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
    "never-closed": subject("=?utf-8?q?abc", "=?utf-8?q?abc"),
    "never-closed-then-good": subject("=?utf-8?q?ab =?utf-8?q?cd?=", "=?utf-8?q?ab cd"),
    "bad-escape": subject("=?utf-8?q?50=_a=ZZ?=", "50= a=ZZ"),
    "glued": subject("[=?utf-8?q?=C3=BC?=]x=?utf-8?q?y?=z", "[ü]xyz"),
    "quoted": subject('"=?utf-8?q?=C3=BC?="', '"ü"'),
    "line-break-inside": subject("=?utf-8?q?a=0D=0ABcc:_evil@x.example?=", "a Bcc: evil@x.example"),
    "nul-inside": subject("=?utf-8?q?a=00b?=", "ab"),
    "raw-utf8": subject("Grüße", "Grüße"),
    "raw-latin1": subject(b"Caf\xe9 au lait", "Café au lait"),
    "raw-gbk": subject("邮件传输失败了请再试一次".encode("gbk"), "邮件传输失败了请再试一次"),
    "raw-cyrillic": subject("Здравствуйте".encode("cp1251"), "Здравствуйте"),
    "raw-iso-2022-jp": subject("日本語".encode("iso-2022-jp"), "日本語"),
    "utf-16-word": subject("=?utf-16be?b?AEcAcgD8AG4=?=", "Grün"),
    "empty-word": subject("a =?utf-8?q??= b", "a b"),
    # Headers as such.
    "tab-fold": subject("a\n\tb", "a b"),
    "blank-fold": subject("a\n \n b", "a b"),
    "space-before-colon": case(mail("x", "Subject : spaced"), subject="spaced", text="x"),
    "odd-case": case(mail("x", "sUBJECT:no space"), subject="no space"),
    "twice": case(mail("x", "Subject: first", "Subject: second"), subject="first"),
    "empty": case(mail("x", "Subject:"), subject="", text="x"),
    "missing": case("From: a@x.example\n\nx", subject="", text="x"),
    "no-body": case("From: a@x.example\nSubject: only", subject="only", text=""),
    "no-blank-line": case(
        "From: a@x.example\nSubject: s\nHello there\nBye", text="Hello there\nBye"
    ),
    "colon-first": case("From: a@x.example\n: odd\nSubject: s\n\nx", subject="s", text="x"),
    "mbox": case(
        "From ann Tue Mar  5 10:00:00 2024\nFrom: a@x.example\nSubject: s\n\nx", subject="s"
    ),
    "mbox-quoted": case(">From ann Tue Mar  5\nFrom: a@x.example\nSubject: s\n\nx", subject="s"),
    "blank-lines-first": case("\r\n\r\nFrom: a@x.example\r\nSubject: s\r\n\r\nx\r\n", subject="s"),
    "crlf": case("From: a@x.example\r\nSubject: a\r\n b\r\n\r\nx\r\ny", subject="a b", text="x\ny"),
    "bare-cr": case("From: a@x.example\rSubject: s\r\rx\ry", subject="s", text="x\ny"),
    "mixed-ends": case("From: a@x.example\nSubject: s\r\n\nx\ry\r\nz", subject="s", text="x\ny\nz"),
    "nul": case(b"From: a@x.example\nSubject: a\x00b\n\nx\x00y", subject="ab", text="xy"),
    "bom": case(mail(b"\xef\xbb\xbfHello", kind="text/plain; charset=utf-8"), text="Hello"),
}
