"""From bytes to text, whatever the sender called the encoding; nothing raises."""

from __future__ import annotations

import codecs
import re
from itertools import islice

import chardet

from integrations.email import iso2022

# What senders write and what they mean: WHATWG Encoding, "names and labels", where Python knows
# the label by another meaning or not at all.
_MEANT = {
    **dict.fromkeys(
        (
            *("iso-8859-1", "iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987", "iso-ir-100"),
            *("latin-1", "latin1", "l1", "ibm819", "cp819", "csisolatin1", "windows-1252"),
            *("x-cp1252", "ansi", "ansi_x3.110-1983", "x-user-defined", "x-ansi", "8859_1"),
            *("iso-8859-1-windows-3.1-latin-1", "iso-8859-1-windows-3.0-latin-1", "win-1252"),
        ),
        "cp1252",
    ),
    **dict.fromkeys(
        (
            *("us-ascii", "ascii", "ansi_x3.4-1968", "ansi_x3.4-1986", "iso_646.irv:1991", "us"),
            *("iso646-us", "iso-ir-6", "ibm367", "cp367", "csascii", "iso-646", "646"),
            *("utf8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "unicode11utf8", "x-unicode20utf8"),
            *("unicode20utf8", "utf8mb4", "utf-8-mac", "utf-8-sig", "cp65001", "x-utf-8", "utf_8"),
            *("unknown-8bit", "x-unknown", "unknown", "binary", "8bit", "7bit", "utf-8n", "utf"),
        ),
        "utf-8",
    ),
    **dict.fromkeys(
        (
            *("gb2312", "chinese", "csgb2312", "csiso58gb231280", "gb_2312", "gb_2312-80", "gbk"),
            *("iso-ir-58", "x-gbk", "cp936", "ms936", "windows-936", "euc-cn", "eucgb2312_cn"),
            *("gb18030-2000", "x-mac-chinesesimp", "csgb18030", "gb-2312", "x-euc-cn", "gb_18030"),
        ),
        "gb18030",
    ),
    **dict.fromkeys(
        (
            *("euc-kr", "cseuckr", "csksc56011987", "iso-ir-149", "korean", "ks_c_5601-1987"),
            *("ks_c_5601-1989", "ks_c_5601", "ksc5601", "ksc_5601", "windows-949", "x-windows-949"),
            *("ms949", "x-mac-korean", "ks_c-5601-1987", "euc_kr"),
        ),
        "cp949",
    ),
    **dict.fromkeys(
        (
            *("shift_jis", "shift-jis", "sjis", "x-sjis", "csshiftjis", "ms_kanji", "ms932"),
            *("windows-31j", "cswindows31j", "windows-932", "x-mac-japanese", "x-ms-cp932"),
        ),
        "cp932",
    ),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "x-euc", "cseucpkdfmtjapanese", "eucjp"), "euc_jp"),
    **dict.fromkeys(
        (
            *("big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5", "x-big5", "big5-eten"),
            *("windows-950", "ms950", "x-mac-chinesetrad", "big-5"),
        ),
        "big5hkscs",
    ),
    **dict.fromkeys(
        ("iso-8859-9", "iso_8859-9", "latin5", "l5", "iso-ir-148", "csisolatin5", "x-cp1254"),
        "cp1254",
    ),
    **dict.fromkeys(
        ("iso-8859-11", "iso8859-11", "tis-620", "dos-874", "windows-874", "x-windows-874"), "cp874"
    ),
    **dict.fromkeys(
        (
            *("iso-8859-8-i", "iso-8859-8-e", "csiso88598i", "csiso88598e", "logical", "visual"),
            "hebrew",
        ),
        "iso-8859-8",
    ),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e", "csiso88596i", "csiso88596e"), "iso-8859-6"),
    **dict.fromkeys(("ibm866", "866", "csibm866", "dos-866"), "cp866"),
    **dict.fromkeys(("koi", "koi8", "koi8_r", "cskoi8r", "koi-8", "koi8r"), "koi8-r"),
    **dict.fromkeys(("koi8-ru", "koi8u"), "koi8-u"),
    **dict.fromkeys(("macintosh", "x-mac-roman", "csmacintosh", "mac", "apple"), "mac_roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac_cyrillic"),
    **dict.fromkeys(("x-mac-ce", "x-mac-centraleurroman", "x-mac-romanian"), "mac_latin2"),
    "x-mac-croatian": "mac_croatian",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-arabic": "mac_arabic",
    "x-mac-farsi": "mac_farsi",
    **dict.fromkeys(
        (
            *("unicode-1-1-utf-7", "x-unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "utf7"),
            *("unicode-2-0-utf-7", "csunicode11utf7"),
        ),
        "utf-7",
    ),
    **dict.fromkeys(
        ("unicode", "ucs-2", "iso-10646-ucs-2", "csunicode", "utf16", "unicodefffe", "unicodefeff"),
        "utf-16",
    ),
    **dict.fromkeys(("hz-gb-2312", "hzgb"), "hz"),
    "iso-8859-16": "iso8859-16",
    "sun_eu_greek": "iso-8859-7",
    "elot_928": "iso-8859-7",
    "x-roman8": "hp_roman8",
}
# Those of windows by whatever prefix: win-1251, windows1251, x-cp1251, "1251".
_WINDOWS = re.compile(r"(?:x-)?(?:win(?:dows)?|cp|ms|ansi)?[-_ ]?(125[0-8]|874)")
_ISO = re.compile(r"(?:x-)?(?:iso[-_ ]?)?8859[-_ ]?(\d{1,2})(?::\d{4})?")
# No encodings of text a mail can be in; some of them take quadratic time.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
# Escape sequences tell these apart from ASCII; Python's own codecs know but part of each.
_ISO_2022 = re.compile(r"(?:cs)?iso[-_]?2022[-_]?(?:jp|kr|cn)[\w.-]*")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Single-byte encodings in which no text of any length is valid UTF-8 by accident, or in which it
# takes several letters to be sure.
_WESTERN = {"cp1252", "ascii"}
_SURE_WESTERN, _SURE_ELSE = 1, 3
# Guessing looks this far, and needs so many letters beyond ASCII to be better than the usual:
# fewer where words consist of them.
_MOST_LOOKED, _MOST_LINES = 256 * 1024, 1_000
_FOREIGN_WORD = re.compile(rb"[^\s\x80-\xff]{0,20}[\x80-\xff][^\s]{0,60}")
_HIGH, _LETTER = re.compile(rb"[\x80-\xff]"), re.compile(rb"[A-Za-z]")
_TAG = re.compile(rb"<[^<>]*+>")
_ENOUGH, _ENOUGH_DENSE, _DENSE = 8, 4, 0.6
_OTHER_SCRIPTS = {
    *("cp1251", "cp1253", "cp1255", "cp1256", "cp866", "cp855", "cp874", "koi8-r", "koi8-u"),
    *("iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "mac-cyrillic", "mac-greek", "cp862"),
}
_USUAL = "cp1252"
# UTF-8 with so many good letters for each bad byte is damaged UTF-8, not something else.
_GOOD_FOR_BAD = 2


def decode(data: bytes, *, declared: str | None = None) -> str:
    """Text from bytes: as declared if that fits, else UTF-8, else the likeliest guess.

    A byte order mark, and UTF-8 sequences throughout, are believed before the label.
    """
    if bom := next((codec for mark, codec in _BOMS if data.startswith(mark)), None):
        text = _strictly(data, bom)
        if text is not None:
            return text
    label = _label(declared)
    if _ISO_2022.fullmatch(label):
        return iso2022.decode(data, korean="kr" in label, chinese="cn" in label)
    codec = _codec(label)
    if _is_utf8_after_all(data, codec):
        return data.decode("utf-8")
    if codec == "utf-16":
        codec = _byte_order(data)
    for name in (codec, "utf-8"):
        text = _strictly(data, name)
        if text is not None:
            return text
    return _as_well_as_can_be(data, codec)


def _as_well_as_can_be(data: bytes, codec: str | None) -> str:
    """Bytes that fit neither their label nor UTF-8."""
    if codec in {None, "utf-8"}:
        text = data.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        good = sum(1 for letter in text if letter > "\x7f") - bad
        if good >= _GOOD_FOR_BAD * bad:
            return data.decode("utf-8", _MENDED)
        guess = _strictly(data, _guess(data))
        return guess if guess is not None else data.decode(_USUAL, _CONTROLS)
    if codec == _USUAL:
        return data.decode(_USUAL, _CONTROLS)
    return data.decode(codec or _USUAL, "replace")


def is_known(label: str) -> bool:
    """Whether a label names an encoding of text."""
    return bool(_ISO_2022.fullmatch(_label(label))) or _codec(_label(label)) is not None


def _guess(data: bytes) -> str | None:
    """The likeliest encoding, told from the lines that are not plain ASCII, without their tags."""
    lines = (line for line in data[:_MOST_LOOKED].splitlines() if not line.isascii())
    sample = _TAG.sub(b" ", b"\n".join(islice(lines, _MOST_LINES)))
    words = b" ".join(_FOREIGN_WORD.findall(sample))
    high, letters = (len(sort.findall(words)) for sort in (_HIGH, _LETTER))
    is_sparse = high < _DENSE * (high + letters)
    if high < (_ENOUGH if is_sparse else _ENOUGH_DENSE):
        return _USUAL
    codec = _codec(_label(chardet.detect(sample).get("encoding")))
    # A letter here and there is an accent of Latin script.
    return _USUAL if is_sparse and codec in _OTHER_SCRIPTS else codec


def _is_utf8_after_all(data: bytes, codec: str | None) -> bool:
    """Whether a text that is said to be in a single-byte encoding is UTF-8."""
    if codec is None or codec in {"utf-8", "utf-7"} or data.isascii() or not _is_single(codec):
        return False
    text = _strictly(data, "utf-8")
    if text is None:
        return False
    beyond = sum(1 for letter in text if letter > "\x7f")
    return beyond >= (_SURE_WESTERN if codec in _WESTERN else _SURE_ELSE)


def _is_single(codec: str) -> bool:
    return codec.startswith(("cp125", "cp8", "iso8859", "koi8", "mac", "ascii", "hp_", "cp437"))


def _byte_order(data: bytes) -> str:
    """UTF-16 without a mark: the zeros of its Latin letters tell (RFC 2781 4.3 says big)."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _strictly(data: bytes, codec: str | None) -> str | None:
    if codec is None:
        return None
    try:
        return data.decode(codec, _CONTROLS if codec == _USUAL else "strict")
    except (UnicodeError, ValueError):
        return None


def _label(name: str | None) -> str:
    words = (name or "").strip().strip("'\" ").lower().split()
    return words[0].strip("'\",;") if words else ""


def _codec(label: str) -> str | None:
    """The codec a label stands for, or None when it is no encoding of text."""
    label = label.removeprefix("charset=").removeprefix("x-iana-")
    if windows := _WINDOWS.fullmatch(label):
        return f"cp{windows[1]}"
    if (iso := _ISO.fullmatch(label)) and label not in _MEANT:
        label = f"iso-8859-{int(iso[1])}"
    try:
        found = codecs.lookup(_MEANT.get(label, label))
    except (LookupError, ValueError, TypeError):
        return None
    is_text = getattr(found, "_is_text_encoding", False)
    return found.name if is_text and found.name.replace("-", "_") not in _REFUSED else None


def _controls(error: UnicodeError) -> tuple[str, int]:
    """The five bytes windows-1252 leaves out are control characters (WHATWG Encoding)."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(map(chr, error.object[error.start : error.end])), error.end


def _mended(error: UnicodeError) -> tuple[str, int]:
    """A single stray byte in UTF-8 is one of windows-1252 that was put between; more is damage."""
    assert isinstance(error, UnicodeDecodeError)
    piece = error.object[error.start : error.end]
    if len(piece) > 1 or error.end == len(error.object):
        return "\ufffd", error.end
    return piece.decode("cp1252", _CONTROLS), error.end


_CONTROLS, _MENDED = "integrations.controls", "integrations.mended"
codecs.register_error(_CONTROLS, _controls)
codecs.register_error(_MENDED, _mended)
