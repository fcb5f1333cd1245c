"""Charsets and transfer encodings, right, wrong and missing."""

import binascii

from tests.integrations.corpus.case import BASE64, EIGHT, QP, Case, b64, case, mail


def text(data: bytes, charset: str | None, said: str) -> Case:
    """A text of these bytes under this label."""
    kind = "text/plain" + (f"; charset={charset}" if charset else "")
    return case(mail(b64(data), BASE64, kind=kind), text=said, attachments=[])


def body(raw: bytes | str, encoding: str, said: str) -> Case:
    """A text as written under this transfer encoding."""
    head = f"Content-Transfer-Encoding: {encoding}" if encoding else EIGHT
    return case(mail(raw, head, kind="text/plain; charset=utf-8"), text=said)


RUSSIAN = "Здравствуйте, у меня не работает выгрузка данных."
GERMAN = "Schöne Grüße aus Köln – 10 € übrig"
JAPANESE = "こんにちは、データの出力ができません。"
CHINESE = "您好，导出功能无法使用，请帮忙看看。"
TAIWANESE = "您好，我們的匯出功能無法使用，請幫忙看看。"
KOREAN = "안녕하세요, 내보내기가 되지 않습니다."


def uuencoded(data: bytes, name: str = "a.bin") -> bytes:
    """A file as uuencode writes it."""
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return b"begin 644 " + name.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


def yencoded(data: bytes, name: str = "a.bin") -> bytes:
    """A file as yEnc writes it, on one line."""
    coded = b""
    for byte in data:
        shifted = (byte + 42) & 255
        special = shifted in b"\0\n\r="
        coded += b"=" + bytes([(shifted + 64) & 255]) if special else bytes([shifted])
    head = f"=ybegin line=128 size={len(data)} name={name}\n".encode()
    return head + coded + f"\n=yend size={len(data)}\n".encode()


CASES = {
    # Labels of WHATWG Encoding, by what they mean there.
    "utf-8": text(GERMAN.encode(), "utf-8", GERMAN),
    "utf-8-bom": text(b"\xef\xbb\xbf" + GERMAN.encode(), "utf-8", GERMAN),
    "latin1-is-1252": text("“10 €”".encode("cp1252"), "iso-8859-1", "“10 €”"),
    "latin2": text("Zażółć".encode("iso-8859-2"), "ISO-8859-2", "Zażółć"),
    "windows-1250": text("Zażółć".encode("cp1250"), "windows-1250", "Zażółć"),
    "windows-1251": text(RUSSIAN.encode("cp1251"), "WINDOWS-1251", RUSSIAN),
    "cp1251": text(RUSSIAN.encode("cp1251"), "cp1251", RUSSIAN),
    "koi8-r": text(RUSSIAN.encode("koi8-r"), "koi8-r", RUSSIAN),
    "koi8-u": text("Їжак і ґанок".encode("koi8-u"), "koi8-u", "Їжак і ґанок"),
    "ibm866": text(RUSSIAN.encode("cp866"), "ibm866", RUSSIAN),
    "mac-cyrillic": text(RUSSIAN.encode("mac_cyrillic"), "x-mac-cyrillic", RUSSIAN),
    "macintosh": text("Grüße".encode("mac_roman"), "macintosh", "Grüße"),
    "latin9": text("10 €".encode("iso-8859-15"), "iso-8859-15", "10 €"),
    "latin5-is-1254": text("ğüşiöç€".encode("cp1254"), "iso-8859-9", "ğüşiöç€"),
    "hebrew-logical": text("שלום".encode("iso-8859-8"), "iso-8859-8-i", "שלום"),
    "arabic": text("مرحبا".encode("cp1256"), "windows-1256", "مرحبا"),
    "thai": text("สวัสดี".encode("cp874"), "tis-620", "สวัสดี"),
    "vietnamese": text("Chào".encode("cp1258"), "windows-1258", "Chào"),
    "gb2312-is-gb18030": text("朱镕基".encode("gb18030"), "gb2312", "朱镕基"),
    "gb18030": text("😀你好".encode("gb18030"), "gb18030", "😀你好"),
    "gbk": text(CHINESE.encode("gbk"), "x-gbk", CHINESE),
    "hz": text("你好".encode("hz"), "hz-gb-2312", "你好"),
    "big5": text("您好，請問".encode("big5"), "big5", "您好，請問"),
    "shift-jis": text("①ソ表".encode("cp932"), "shift_jis", "①ソ表"),
    "euc-jp": text(JAPANESE.encode("euc_jp"), "euc-jp", JAPANESE),
    "iso-2022-jp": text(JAPANESE.encode("iso-2022-jp"), "iso-2022-jp", JAPANESE),
    "iso-2022-jp-kana": text(b"\x1b(I1236\x1b(B", "iso-2022-jp", "ｱｲｳｶ"),
    "iso-2022-jp-row-13": text(b"\x1b$B-!-j\x1b(B x", "iso-2022-jp", "①㈱ x"),
    "iso-2022-jp-never-closed": text(b"\x1b$BF|K\\", "iso-2022-jp", "日本"),
    "iso-2022-jp-8bit": text("日本".encode("cp932"), "iso-2022-jp", "日本"),
    "iso-2022-kr": text("안녕".encode("iso2022_kr"), "iso-2022-kr", "안녕"),
    "euc-kr": text("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하"),
    "utf-7": text("Grüße +".encode("utf-7"), "utf-7", "Grüße +"),
    "utf-16-bom": text("Grüße".encode("utf-16"), "utf-16", "Grüße"),
    "utf-16-no-bom": text("Grüße".encode("utf-16-be"), "utf-16", "Grüße"),
    "utf-16le": text("Grüße".encode("utf-16-le"), "utf-16le", "Grüße"),
    "utf-32": text("Grüße".encode("utf-32"), "utf-32", "Grüße"),
    # No label, a wrong one, none there is.
    "none-utf8": text(GERMAN.encode(), None, GERMAN),
    "none-latin1": text("Schöne Grüße aus Köln".encode("latin-1"), None, "Schöne Grüße aus Köln"),
    "none-russian": text(RUSSIAN.encode("cp1251"), None, RUSSIAN),
    "none-koi8": text(RUSSIAN.encode("koi8-r"), None, RUSSIAN),
    "none-japanese": text(JAPANESE.encode("cp932"), None, JAPANESE),
    "none-chinese": text(CHINESE.encode("gbk"), None, CHINESE),
    "none-big5-page": case(
        mail(
            ("<html><body>\n<p>" + TAIWANESE * 3 + "</p><br>\n" * 9).encode("big5"),
            EIGHT,
            kind="text/html",
        ),
        text="\n".join([TAIWANESE * 3]),
    ),
    "none-korean": text(KOREAN.encode("cp949"), None, KOREAN),
    "ascii-but-utf8": text(GERMAN.encode(), "us-ascii", GERMAN),
    "ascii-but-latin1": text(b"Caf\xe9", "us-ascii", "Café"),
    "latin1-but-utf8": text("Grüße".encode(), "iso-8859-1", "Grüße"),
    "russian-but-utf8": text(RUSSIAN.encode(), "koi8-r", RUSSIAN),
    "utf8-but-latin1": text(b"Caf\xe9", "utf-8", "Café"),
    "utf8-cut-short": text("Grüße Grüß".encode()[:-1], "utf-8", "Grüße Grü\ufffd"),
    "utf8-with-a-latin1-byte": text(
        "Größe und Höhe ".encode() + b"f\xfcr", "utf-8", "Größe und Höhe für"
    ),
    "unknown": text(GERMAN.encode(), "x-klingon", GERMAN),
    "of-bytes": text(GERMAN.encode(), "base64", GERMAN),
    "idna": text(GERMAN.encode(), "idna", GERMAN),
    "quoted-label": text(GERMAN.encode(), '"UTF-8"', GERMAN),
    "label-with-comment": text(GERMAN.encode(), "utf-8 (Unicode)", GERMAN),
    "meta": case(
        mail(
            b'<meta charset="koi8-r"><p>' + "Привет".encode("koi8-r"),
            EIGHT,
            kind="text/html",
        ),
        text="Привет",
    ),
    # Base64.
    "base64-no-padding": body(b64("Grüße").rstrip(b"="), "base64", "Grüße"),
    "base64-garbage": body(b"R3L!Dv*M\xffOf\nZQ==", "base64", "Grüße"),
    "base64-one-too-many": body(b"R3LDvMOfZQo" + b"AA", "base64", "Grüße\n"),
    "base64-spaces": body(b"R3LD vMOf\n\n ZQ= =", "base64", "Grüße"),
    "base64-two-runs": body(b64("Grü") + b"\n" + b64("ße!"), "base64", "Grüße!"),
    "base64-then-text": body(
        b64("Grüße!!") + b"\n\n-- \nThe list: https://x.example\n", "base64", "Grüße!!"
    ),
    "base64-not-at-all": body("Hello, this is no base64.", "base64", "Hello, this is no base64."),
    "base64-url-safe": body(b"Pz8_Pj4-", "base64", "???>>>"),
    "base64-case": body(b64("x y"), "BASE64", "x y"),
    "base64-comment": body(b64("x y"), "base64 (really)", "x y"),
    "base64-empty": body("", "base64", ""),
    # Quoted-printable.
    "qp": body("Gr=C3=BC=C3=9Fe =\nx", "quoted-printable", "Grüße x"),
    "qp-lower-case": body("Gr=c3=bc", "quoted-printable", "Grü"),
    "qp-bad-escape": body("a=b 100=% =ZZ ==", "quoted-printable", "a=b 100=% =ZZ ="),
    "qp-trailing-space": body("a  \t\nb =  \nc", "quoted-printable", "a\nb c"),
    "qp-ends-in-equals": body("abc=", "quoted-printable", "abc"),
    "qp-raw-8bit": body("Grüße=21", "quoted-printable", "Grüße!"),
    "qp-crlf": body("a=\r\nb\r\nc", "quoted-printable", "ab\nc"),
    "qp-soft-break-in-letter": body("Gr=C3=\n=BC", "quoted-printable", "Grü"),
    # None of these.
    "unknown-encoding": body("plain", "x-strange", "plain"),
    "7bit-with-8bit": body("Grüße", "7bit", "Grüße"),
    "empty-encoding": body("Grüße", "", "Grüße"),
    "long-line": body("x" * 200_000, "8bit", "x" * 200_000),
    # Files within the text.
    "uuencode-in-text": case(
        mail(b"Before\n" + uuencoded(b"\0\1\2" * 50) + b"After\n"),
        text="Before\nAfter",
        attachments=[("a.bin", "application/octet-stream", 150)],
    ),
    "uuencode-twice": case(
        mail(uuencoded(b"a", "a.txt") + uuencoded(b"bc", "b.txt")),
        text="",
        attachments=[("a.txt", "text/plain", 1), ("b.txt", "text/plain", 2)],
    ),
    "uuencode-broken": case(
        mail("begin 644 a.bin\nnot at all uuencoded\nend\n"),
        text="begin 644 a.bin\nnot at all uuencoded\nend",
        attachments=[],
    ),
    "uuencode-never-ends": case(mail(uuencoded(b"abc")[:-5]), attachments=[]),
    "uuencode-a-story": case(mail("begin 644 sheep\n\nfor me"), text="begin 644 sheep\n\nfor me"),
    "uuencode-as-encoding": case(
        mail(
            uuencoded(b"abc", "x.pdf"),
            "Content-Transfer-Encoding: x-uuencode",
            kind="application/pdf; name=x.pdf",
        ),
        attachments=[("x.pdf", "application/pdf", 3)],
    ),
    "yenc": case(
        mail(b"Look:\n" + yencoded(bytes(range(256)))),
        text="Look:",
        attachments=[("a.bin", "application/octet-stream", 256)],
    ),
    "yenc-never-ends": case(mail(b"Look:\n=ybegin line=128 size=3 name=a\nabc"), attachments=[]),
    "begin-base64": case(
        mail("x\nbegin-base64 644 a.txt\nYWJj\n====\ny"),
        text="x\ny",
        attachments=[("a.txt", "text/plain", 3)],
    ),
    # Flowed.
    "flowed": case(
        mail("One \ntwo \nthree\n\n> quoted \n> on\n-- \nAnn", kind="text/plain; format=flowed"),
        text="One two three\n\n> quoted on\n-- \nAnn",
    ),
    "flowed-delsp": case(
        mail("日 \n本", kind="text/plain; charset=utf-8; format=flowed; delsp=yes"), text="日本"
    ),
    "flowed-stuffed": case(
        mail(" From me\n > not a quote", kind="text/plain; format=flowed"),
        text="From me\n> not a quote",
    ),
    "flowed-depths": case(
        mail(">> deep \n> less\nme", kind='text/plain; format="Flowed"'), text=">> deep\n> less\nme"
    ),
    "not-flowed": case(mail("One \ntwo", QP), text="One\ntwo"),
}
