"""Text of others becomes safe HTML: no script, no style, no picture, no link but to the web."""

import time
from html.parser import HTMLParser

import pytest

from tickets import rendering
from tickets.models import BodyFormat, Message

HARMLESS = rendering.TAGS
ATTRIBUTES = {"href", "rel", "start", "colspan", "rowspan", "dir"}
RENDERERS = [rendering.markdown_html, rendering.plain_html, rendering.clean_html]

TAGS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<SCRIPT SRC=//evil.example/x.js>",
    "<img src=x onerror=alert(1)>",
    "<img src='http://evil.example/pixel.gif'>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=x&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<style>body{background:url(http://evil.example)}</style>",
    "<p style='background:url(http://evil.example)'>x</p>",
    "<base href='http://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<form action=http://evil.example><input name=password><button>x</button></form>",
    "<a id=getElementById name=body>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=x></object><embed src=x>",
    "<video src=x onerror=alert(1)>",
    "<div onclick=alert(1) onmouseover=alert(1)>x</div>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<xmp><script>alert(1)</script></xmp>",
    "<p title=\"x' onclick='alert(1)\">x</p>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<a href=x onfocus=alert(1) autofocus>x</a>",
    "<<script>alert(1);//<</script>",
    "<input type=image src=x onerror=alert(1)>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<body onload=alert(1)>",
]
TARGETS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A&#x61vascript:alert(1)",
    "javascript&colon;alert(1)",
    "\x01javascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "file:///etc/passwd",
    "//evil.example/x",
    "/tickets/1/delete",
    "blob:x",
    "http://e.example/' onclick='alert(1)",
    'http://e.example/" onclick="alert(1)',
]
HOSTILE = [
    *TAGS,
    *(f"<a href='{target}'>x</a>" for target in TARGETS),
    *(f'<a href="{target}">x</a>' for target in TARGETS),
    *(f"[x]({target})" for target in TARGETS),
    *(f"[x](<{target}>)" for target in TARGETS),
    *(f"![x]({target})" for target in TARGETS),
    *(f"<{target}>" for target in TARGETS),
    *(f"[x][1]\n\n[1]: {target}" for target in TARGETS),
    'https://e.example/"onmouseover="alert(1)',
    "https://e.example/<script>alert(1)</script>",
    'me@e.example"onclick=alert(1)',
    "`<img src=x onerror=alert(1)>`",
    '```"><script>alert(1)</script>\nx\n```',
]


class Reader(HTMLParser):
    """What a browser would find in the output."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_hostile_survives(render, hostile):
    read = Reader(render(hostile))
    assert set(read.tags) <= HARMLESS
    assert {name for name, _ in read.attributes} <= ATTRIBUTES
    for name, value in read.attributes:
        if name == "href":
            assert value.startswith(("http://", "https://", "mailto:"))
        if name == "rel":
            assert value == "noopener noreferrer nofollow"


def test_markdown_keeps_what_people_use():
    html = rendering.markdown_html(
        "Hello **you**, see www.example.com\nor me@example.org\n\n- one\n- ~~two~~\n\n|a|\n|-|\n|1|"
    )
    read = Reader(html)
    assert {"p", "strong", "a", "br", "ul", "li", "s", "table"} <= set(read.tags)
    hrefs = [value for name, value in read.attributes if name == "href"]
    assert hrefs == ["http://www.example.com", "mailto:me@example.org"]


def test_plain_text_is_shown_as_written():
    text = "Use *this* and `that`:\n    indented <b>\n\n# not a heading & 1. not a list"
    read = Reader(rendering.plain_html(text))
    assert set(read.tags) == {"p", "br"}
    assert read.text.replace("\xa0", " ").replace("\n", "") == text.replace("\n", "")


def test_received_html_keeps_structure_and_drops_looks():
    html = "<table width=9><tr><td colspan=2 style='x'>a</td></tr></table><p dir=rtl class=y>b</p>"
    assert rendering.clean_html(html) == (
        '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table><p dir="rtl">b</p>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "[" * 1_000_000,
        "*a_" * 300_000,
        "://" * 300_000,
        "a@" * 500_000,
        "(http://" * 100_000,
        "> " * 500_000,
        "`a" * 500_000,
        "<div>" * 100_000,
        "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
    ],
    ids=lambda text: text[:6],
)
@pytest.mark.parametrize("render", RENDERERS)
def test_a_megabyte_on_one_line_costs_no_more_than_reading_it(render, text):
    # Quadratic rendering takes from 8 seconds up for these; the bound is wide for slow machines.
    start = time.process_time()
    render(text)
    assert time.process_time() - start < 1


def test_too_deep_html_still_gives_its_text():
    assert "kept &amp; read" in rendering.clean_html("<div>" * 5_000 + "kept &amp; read")


def test_a_message_is_rendered_by_its_own_format():
    typed = Message(body="*x*", format=BodyFormat.MARKDOWN)
    read = Message(body="*x*", format=BodyFormat.PLAIN)
    assert rendering.message_html(typed).strip() == "<p><em>x</em></p>"
    assert rendering.message_html(read) == "<p>*x*</p>"


PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<img src="cid:a@x" alt="A">', '<img src="/f/1/" alt="A">'),
        ('<img src="CID:a%40x" width="20" height="x">', '<img src="/f/1/" width="20">'),
        ('<img src="img/b.png">', '<img src="/f/2/">'),
        (f'<img src="{PIXEL}">', f'<img src="{PIXEL}">'),
        ('<img src="cid:none" alt="&lt;b&gt; &amp; c">', "&lt;b&gt; &amp; c"),
        ('<img src="https://evil.example/p.gif" alt="A">', "A"),
        ('<img src="//evil.example/p.gif">', ""),
        ('<img src="/logout">', ""),
        ('<img srcset="//evil.example/p.gif 2x">', ""),
        ('<img src="data:image/svg+xml;base64,PHN2Zz4=">', ""),
        ('<img src="data:text/html;base64,PHN2Zz4=">', ""),
        ("<img src='data:image/png;base64,AAAA\"onerror=x'>", ""),
        ('<a href="cid:a@x">x</a><img>', "<a>x</a>"),
        ('<a href="data:text/html,x">x</a><img>', "<a>x</a>"),
        ('<a href="/logout">x</a><img>', "<a>x</a>"),
    ],
)
@pytest.mark.promise("S1.1")
def test_pictures_of_a_mail_stand_in_their_place_and_no_others(html, shown):
    pictures = {"a@x": "/f/1/", "img/b.png": "/f/2/"}
    cleaned = rendering.clean_html(html, pictures=pictures)
    assert cleaned.replace(' rel="noopener noreferrer nofollow"', "") == shown


def test_a_picture_that_is_shown_is_known_to_be():
    cleaned = rendering.clean_html('<img src="cid:a">', pictures={"a": "/f/1/"})
    assert rendering.shows(cleaned, "/f/1/")
    assert not rendering.shows(cleaned, "/f/12/")
