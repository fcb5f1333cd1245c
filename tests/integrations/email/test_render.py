"""The two bodies of a mail: what stands in them, by structure rather than by bytes."""

import itertools

import lxml.html
import pytest

from integrations.email import colours, plain, render
from integrations.email.letter import Letter, Look, Mailbox

BODY = """# Title

Have **tried** *it*, `x`? See [the page](https://a.example/b), https://a.example/c or a@b.example.
Next line\\!

- one
- two
  1. first
  2. second

loose:

3. three

4. four

> quoted
>
> > deeper

```py
x = 1

y < 2
```

| Name | 名前 |
|---|---|
| a | 日本 |

---

שלום עולם 🎉 ![scheme](plan.png)
"""
TEXT = """Title
=====

Have **tried** *it*, `x`? See the page <https://a.example/b>, https://a.example/c or a@b.example.
Next line!

- one
- two
  1. first
  2. second

loose:

3. three

4. four

> quoted
>
>> deeper

    x = 1

    y < 2

Name | 名前
-----+-----
a    | 日本

----------------------------------------

שלום עולם 🎉 [scheme]"""


def letter(body=BODY, **fields):
    given = {
        "sender": Mailbox(address="help@desk.example", name="Ada"),
        "reply_to": "help@desk.example",
        "to": [Mailbox(address="grace@customer.example")],
        "subject": "Re: <b>Fire</b>",
        **fields,
    }
    return Letter(body=body, **given)


@pytest.fixture(autouse=True)
def _no_messages_are_quoted(monkeypatch):
    monkeypatch.setattr(render, "_earlier", lambda _letter: [])


def page(of, **pictures):
    return lxml.html.document_fromstring(render.html(of, pictures=pictures))


def test_markdown_reads_well_as_text():
    assert plain.text_of(BODY) == TEXT


def test_a_wide_table_becomes_lines_of_name_and_value():
    wide = f"| Name | Value |\n|---|---|\n| a | {'x' * 100} |\n| b | 2 |"
    assert plain.text_of(wide) == f"Name: a\nValue: {'x' * 100}\n\nName: b\nValue: 2"


@pytest.mark.parametrize(
    "typed", ["x" * 60_000, "[" * 5_000, "> " * 5_000 + "x", "- " * 3_000 + "x", "*" * 9_000]
)
def test_what_is_too_large_to_read_as_markdown_is_still_sent(typed):
    assert plain.text_of(typed)
    assert page(letter(typed)).find("body") is not None


def test_the_signature_stands_below_its_mark():
    text = render.text(letter("Hello", opening="Dear Grace,", signature="**Ada**, Support"))
    assert text.strip() == "Dear Grace,\n\nHello\n\n-- \n**Ada**, Support"


def test_an_open_code_block_ends_with_its_part():
    html = page(letter("```\nopen", opening="> quote", signature="Ada"))
    assert html.find(".//pre").text_content().strip() == "open"
    assert "Ada" not in html.find(".//pre").text_content()


def test_outlook_gets_tables_and_looks_on_each_element():
    html = page(letter())
    outer = html.find(".//table")
    assert outer.get("role") == "presentation"
    source = render.html(letter())
    assert "<!--[if mso]><table" in source
    assert "PixelsPerInch" in source
    assert all(tag not in source for tag in ("display:flex", "display:grid", "background-image"))
    for tag in ("p", "ul", "ol", "blockquote", "pre", "code", "th", "td", "a", "h1", "hr"):
        found = html.findall(f".//{tag}")
        assert found
        assert all(element.get("style") for element in found), tag


def test_gmail_needs_no_style_sheet():
    """Whatever stands in the sheet only refines colours of the dark."""
    sheets = [sheet.text for sheet in page(letter()).findall(".//style")]
    (sheet,) = sheets
    outside = sheet.partition("@media (prefers-color-scheme:dark)")[0]
    assert outside.strip() == ":root{color-scheme:light dark}"


def test_the_ground_and_the_text_keep_the_readers_colours():
    html = page(letter())
    assert [meta.get("content") for meta in html.findall(".//meta[@name='color-scheme']")] == [
        "light dark"
    ]
    outer = html.xpath("//body | //body/table | //body/table//td/div")
    assert outer
    for element in outer:
        assert "color" not in (element.get("style") or "").replace("border", "")


def test_each_paragraph_takes_the_direction_of_its_words():
    html = page(letter())
    for element in html.xpath("//p | //li | //blockquote"):
        assert element.get("dir") == "auto"
    assert page(letter(language="he")).get("dir") == "rtl"
    assert page(letter(language="pt-br")).get("lang") == "pt-br"


def test_code_keeps_its_lines_and_signs():
    assert page(letter()).find(".//pre").text_content() == "x = 1\n\ny < 2\n"


def test_nothing_in_a_mail_is_fetched_from_elsewhere():
    html = page(letter("![x](http://evil.example/x.png) ![y](other.png) <img src=x>"))
    assert html.findall(".//img") == []
    assert "evil.example" in html.find(".//a").get("href")


def test_an_attached_picture_stands_where_it_was_put():
    named = {"plan.png": "cid:1.ab@desk.example"}
    (image,) = page(letter(), **named).findall(".//img")
    assert (image.get("src"), image.get("alt")) == ("cid:1.ab@desk.example", "scheme")
    (image,) = page(letter("![](<my plan.png>)"), **{"my plan.png": "cid:2"}).findall(".//img")
    assert image.get("src") == "cid:2"


def test_a_mail_stays_below_what_gmail_shows():
    many = "\n\n".join(["a **bold** word"] * 1_800)
    assert len(render.html(letter(many)).encode()) < 100_000
    assert page(letter(many)).text_content().count("a bold word") == 1_800


def test_the_colour_of_the_queue_is_the_links_and_the_lines():
    html = render.html(letter("https://a.example", look=Look(accent="#7a1fa2")))
    assert "color:#7a1fa2;text-decoration" in html
    assert "border-top:3px solid #7a1fa2" in html
    spoiled = render.html(letter(look=Look(accent='#fff"><script>')))
    assert "<script" not in spoiled


def test_colours_are_told_apart_by_their_contrast():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    for parts in itertools.product((0, 64, 128, 255), repeat=3):
        colour = "#" + "".join(f"{part:02x}" for part in parts)
        assert colours.contrast(colours.in_the_dark(colour), "#1c1c1e") >= colours.LEAST


def test_a_letter_whose_layout_is_gone_takes_the_one_there_is():
    old = letter("Hello", templates="integrations/email/v0")
    assert "Hello" in render.text(old)
    assert "Hello" in render.html(old)
