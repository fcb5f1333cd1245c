"""New text is never folded away; history is, where there is no doubt."""

from functools import partial

import pytest

from integrations.email import html, quotes
from integrations.email.quotes.languages import words
from tests.work import lines_run

FOLDED = [
    ("Hi\n\nOn Mon, 1 Jan 2024 at 10:00, Bob <b@x.example> wrote:\n> old\n> older", "Hi"),
    ("Hi\n\nOn Mon, 1 Jan 2024 at 10:00 PM Somebody <\nsomebody@x.example> wrote:\n> old", "Hi"),
    ("Danke!\n\nAm 01.02.2024 um 10:00 schrieb Foo <\nfoo@x.example>:\n> alt", "Danke!"),
    ("Merci\n\nLe lun. 1 janv. 2024, Bob a écrit :\n> vieux", "Merci"),
    ("Hi\n\n-----Original Message-----\nFrom: x\nSent: y\nTo: z\nSubject: q\n\nold", "Hi"),
    ("Ok\n\n________________________________\nFrom: A\nSent: B\nTo: c\nSubject: d\n\nold", "Ok"),
    ("neu\n\nVon: A\nGesendet: B\nAn: c\nBetreff: d\n\nalt", "neu"),
    ("Hi\n> old", "Hi"),
    ("On Mon, Bob wrote:\n> old\n\nmy answer", "my answer"),
    ("> old\n> older\n\nmy answer", "my answer"),
]
KEPT = [
    "Just text",
    "",
    "Hi\n> question\nanswer\n> question\nanswer",
    "> question\nanswer\n> question\nanswer",
    "Hi\n\nOn Mon, Bob wrote:\n> old\n\nmy answer below",
    "> only a quote",
    "On Mon, Bob wrote:\n> only a quote",
    "FYI\n\n---------- Forwarded message ---------\nFrom: x\nDate: y\nSubject: z\n\nbody",
    "Begin forwarded message:\n\n> From: x\n> Subject: y\n>\n> body",
    "My list:\n- one\n- two",
    "From: me\n\nis what I typed",
    "-- \nsignature",
]


@pytest.mark.parametrize(("text", "new"), FOLDED)
def test_history_is_folded(text, new):
    body, quoted = quotes.split(text, is_answer=True)
    assert body == new
    assert quoted
    assert set(text.split()) == set(body.split()) | set(quoted.split())


@pytest.mark.parametrize("text", KEPT)
def test_a_doubt_keeps_the_text(text):
    assert quotes.split(text, is_answer=True) == (text.strip("\n").rstrip(), "")


def test_an_original_message_in_a_new_mail_is_what_is_sent():
    text = "See below\n\n-----Original Message-----\nFrom: x\nSent: y\nTo: z\n\nimportant"
    assert quotes.split(text, is_answer=False)[1] == ""


def test_blocks_quoted_in_html_are_marked():
    old = "<blockquote>old<blockquote>older</blockquote></blockquote>"
    markup = f"<p>New</p><div>On Mon, Bob wrote:</div>{old}"
    body, quoted = quotes.split(html.to_text(markup), is_answer=True)
    assert body == "New"
    assert "> > older" in quoted


def test_text_below_a_block_quoted_in_html_is_not_lost():
    markup = "<p>Hi</p><blockquote>old</blockquote><p>inline answer</p>"
    assert "inline answer" in quotes.split(html.to_text(markup), is_answer=True)[0]


OLD = "<p>Please try 4.2.</p>"
HTML = {
    "gmail": '<div dir="ltr">New</div><br><div class="gmail_quote gmail_quote_container"><div'
    ' dir="ltr" class="gmail_attr">On Mon, Mar 3, 2025 at 10:15 AM Ann &lt;<a'
    ' href="mailto:a@x.example">a@x.example</a>&gt; wrote:<br></div><blockquote'
    f' class="gmail_quote" style="margin:0 0 0 .8ex">{OLD}</blockquote></div>',
    "outlook": '<div>New</div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>'
    "<b>From:</b> Ann<br><b>Sent:</b> Monday, March 3, 2025 10:15<br><b>To:</b> Bob<br>"
    "<b>Subject:</b> Q</p>"
    f"</div>{OLD}",
    "outlook web": '<div>New</div><div id="appendonsend"></div><hr style="display:inline-block">'
    '<div id="divRplyFwdMsg"><b>Von:</b> Ann<br><b>Gesendet:</b> Montag, 3. M&auml;rz 2025<br>'
    f"<b>An:</b> Bob<br><b>Betreff:</b> Q</div>{OLD}",
    "apple": '<div>New</div><div><br><blockquote type="cite"><div>On 3 Mar 2025, at 10:15, Ann'
    f" &lt;a@x.example&gt; wrote:</div><br>{OLD}</blockquote></div>",
    "thunderbird": '<p>New</p><div class="moz-cite-prefix">Am 03.03.25 um 10:15 schrieb Ann:</div>'
    f'<blockquote type="cite" cite="mid:1@x.example">{OLD}</blockquote>',
    "yahoo": '<div>New</div><div class="yahoo_quoted"><div>On Monday, March 3, 2025, 10:15:00 AM'
    f" GMT+1, Ann &lt;a@x.example&gt; wrote:</div>{OLD}</div>",
    "proton": '<div>New</div><div class="protonmail_quote">On Monday, March 3rd, 2025 at 10:15,'
    f" Ann &lt;a@x.example&gt; wrote:<br><blockquote>{OLD}</blockquote></div>",
    "zoho": '<div>New</div><div class="zmail_extra"><div>---- On Mon, 03 Mar 2025 10:15:00 +0100'
    f" Ann &lt;a@x.example&gt; wrote ---</div>{OLD}</div>",
}


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize("program", HTML)
def test_the_history_of_an_html_mail_is_folded(program):
    body, quoted = quotes.split(html.to_text(HTML[program]), is_answer=True)
    assert body == "New"
    assert "Please try 4.2." in quoted


def test_what_is_only_indented_is_no_quote():
    markup = '<div>Steps:</div><blockquote style="margin:0 0 0 40px;border:none">one</blockquote>'
    assert html.to_text(markup) == "Steps:\none"


def test_a_plain_part_that_says_nothing_gives_way():
    assert quotes.is_stub("This message is in HTML format, which your email client does not show.")
    assert not quotes.is_stub("How do I write HTML?")
    assert not quotes.is_stub("")


@pytest.mark.parametrize(
    "unit",
    [
        "> old\nnew\n",
        "-- \n",
        "--\na\n",
        "On Monday,\n",
        "From: x\nSent: y\nTo: z\n\n",
        "On 3 March 2025 at 10:05 Bob <b@x.example> wrote:\n",
        "2024/1/1 " + "<@>" * 49 + "\n",
        "On " + "wrote: " * 20 + ":\n",
        "-" * 150 + "\n",
        ">\n",
        "a:\n",
        "From:\n",
    ],
)
def test_work_grows_with_the_length_alone(unit):
    words()
    short, long = (
        lines_run(partial(quotes.split, is_answer=True), unit * (size // len(unit)))
        for size in (2_000, 20_000)
    )
    assert long <= 12 * short
    # A search that goes back and forth would keep this one busy until the runner ends it.
    quotes.split(unit * (1_000_000 // len(unit)), is_answer=True)


def test_a_text_of_endless_lines_is_kept_whole_and_costs_nothing():
    words()
    text = "a\n" * 200_000 + "> old"
    assert quotes.split(text, is_answer=True) == (text, "")
    assert lines_run(partial(quotes.split, is_answer=True), text) < 100


@pytest.mark.parametrize("unit", ["<div>", "<blockquote>", "<table><tr><td>", "<b", "&", "</p>"])
def test_hostile_html_comes_to_an_end(unit):
    assert isinstance(html.to_text(unit * 5_000 + "x"), str)


def test_links_hidden_teasers_and_smileys_are_read_as_a_reader_sees_them():
    assert (
        html.to_text('<a href="https://x.example/a?b">here</a>') == "here <https://x.example/a?b>"
    )
    assert html.to_text('<a href="https://x.example/">x.example</a>') == "x.example"
    assert html.to_text('<a href="mailto:a@x.example">Ann</a>') == "Ann <a@x.example>"
    assert html.to_text('<a href="#top">up</a>') == "up"
    assert html.to_text('<div style="display:none">teaser</div><p>a</p>') == "a"
    assert html.to_text("<!--[if mso]>b<![endif]--><style>c{}</style><p>a<o:p></o:p></p>") == "a"
    assert html.to_text('a <img alt="\U0001f600"><img alt="Logo">') == "a \U0001f600"
    assert html.to_text("<ul><li>one<li>two</ul>").split() == ["*", "one", "*", "two"]
    assert html.to_text("<table><tr><td>a<td>b</table>").split() == ["a", "b"]


@pytest.mark.parametrize("times", [300, 3_000, 60_000])
@pytest.mark.parametrize("unit", ["<div>a", "<p>a</p>", "<blockquote>a", "<style>a", "<!--a"])
def test_no_word_of_a_large_or_deep_page_is_lost(unit, times):
    text = html.to_text(f"<p>first</p>{unit * times}last")
    assert text.startswith("first")
    if "<style" not in unit and "<!--" not in unit:
        assert text.rstrip().endswith("last")
        assert text.count("a") == times + 1
