"""What mail programs write around a quote, in the languages of the big clients."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.email import quotes
from integrations.email.quotes import Fold, attributions
from integrations.email.quotes.page import bare
from tests.integrations.email.clients import ATTRIBUTIONS, DEVICES, HEADERS, TEXTS

ATTRIBUTED = [(language, line) for language, lines in ATTRIBUTIONS.items() for line in lines]
OUTLOOK = list(HEADERS)
PHONES = [(language, line) for language, lines in DEVICES.items() for line in lines]


def _is_sure(line):
    """Whether a line says that somebody wrote, or when and from which address."""
    text = bare(line)
    return text.endswith(">:") or attributions.judge(text) == attributions.Strength.STRONG


def _split(text, **how):
    """Split, and prove on the way that nothing of the text disappears."""
    new, quoted = quotes.split(text, **{"is_answer": True, **how})
    assert Counter(text.split()) == Counter(new.split()) + Counter(quoted.split())
    return new, quoted


def _headers(language):
    sender, sent, to, subject, _ruler = HEADERS[language]
    return f"{sender}: Bob <bob@firm.example>\n{sent}: 2025\n{to}: Ann\n{subject}: Re: x\n\nold"


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize(("language", "line"), ATTRIBUTED)
def test_marked_history_is_folded_in_every_language(language, line):
    new = TEXTS[language]
    old = f"{line}\n> old line\n>\n> > older"
    assert _split(f"{new}\n\n{old}\n") == (new, old)
    assert _split(f"{new}\n{old}\n") == (new, old)
    marked = "\n".join(f"> {part}" for part in old.split("\n"))
    assert _split(f"{new}\n\n{marked}") == (new, marked)


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize(("language", "line"), ATTRIBUTED)
def test_answers_below_and_between_quotes_are_kept(language, line):
    new = TEXTS[language]
    assert _split(f"{line}\n> old line\n> older\n\n{new}")[0] == new
    for whole in (
        f"{line}\n> old line\n{new}\n> older\n\nyes",
        f"{line}\n> old line\n\n{new}\n\n> older",
        f"Hi,\n\n{line}\n> old line\n\n{new}",
    ):
        assert _split(whole) == (whole, "")


@pytest.mark.parametrize(("language", "line"), [pair for pair in ATTRIBUTED if _is_sure(pair[1])])
def test_history_without_marks_is_folded_where_its_line_is_sure(language, line):
    new = TEXTS[language]
    old = f"{line}\n\nold line\nolder"
    assert _split(f"{new}\n\n{old}") == (new, old)
    # Without an answer it may be what the mail is about.
    assert _split(f"{new}\n\n{old}", is_answer=False) == (f"{new}\n\n{old}", "")


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize("language", OUTLOOK)
def test_the_headers_of_outlook_begin_history(language):
    new, headers = TEXTS[language], _headers(language)
    ruler = HEADERS[language][-1]
    for old in (
        headers,
        f"________________________________\n{headers}",
        f"-----{ruler}-----\n{headers}",
        f"-----{ruler}-----\n\nold",
    ):
        assert _split(f"{new}\n\n{old}") == (new, old)
        assert _split(f"{new}\n{old}") == (new, old)
        assert _split(f"{new}\n\n{old}", is_forward=True) == (f"{new}\n\n{old}", "")


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize(("language", "device"), PHONES)
def test_the_line_of_a_phone_is_no_new_text(language, device):
    new = TEXTS[language]
    line = ATTRIBUTIONS[language][0]
    assert _split(f"{new}\n\n{device}") == (new, device)
    for old in (f"{line}\n> old", f"________________________________\n{_headers(language)}"):
        body, cut = _split(f"{new}\n\n{device}\n\n{old}")
        assert body == new
        assert cut.startswith(device)


@pytest.mark.parametrize("language", TEXTS)
def test_a_signature_below_its_mark_is_folded(language):
    new = f"{TEXTS[language]}\n\nBest, Ann"
    for old in ("-- \nAnn Miller\nFirm Ltd.\n+49 30 1234567", "--\nAnn Miller\nann@firm.example"):
        assert _split(f"{new}\n\n{old}", is_answer=False) == (new, old)
        both = f"{old}\n\n{ATTRIBUTIONS[language][0]}\n> old"
        assert _split(f"{new}\n\n{both}") == (new, both)


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: nothing works.\nIt still does not.",
        "I typed this:\n> ls -l\n> rm x\nand then it hung.",
        "The diff:\n--- a/x.py\n+++ b/x.py\n-old\n+new\nPlease apply.",
        "The log says\nFrom: 10.0.0.1\nTo: 10.0.0.2\nand nothing else.",
        "Error -- see below\n--\nthis is where the script stops; {exit}",
        "Am Montag schrieb ich: nichts geht.\nUnd heute?",
        "The headers I got:\n\nReceived: from a by b\nFrom: a@x.example\nTo: b\nSubject: q\n\nWhy?",
        "Dear team,\n\nYou wrote:\n\nthat the update is safe. It is not.\n\nAnn",
        "Best,\nAnn",
        "Sent from my iPhone it works, from the desktop it does not.",
        "- one\n- two\n\n-- three dashes in a list --\n\n- four",
        "On Monday, 3 March 2025 at 10:05 I wrote:\n\nThe printer burns.\n\nIt still does.",
        "On 3 March 2025 at 10:05 you wrote to bob@firm.example:\nWe repair it.\n\nYou did not.",
        "Am 3. März 2025 um 10:05 schrieb ich:\nDer Drucker brennt.\n\nEr brennt noch.",
        "The mail I got:\n\nFrom: x\nSent: y\nTo: z\nSubject: q\n\nWhat is that?",
        "Received: from a\nFrom: x\nTo: z\nSubject: q\nDate: d\n\nIs that spam?",
        "I typed this:\n> npm install\n> error 5",
        "I typed this:\n> npm install\n\nand it failed",
        "The change:\n\n> new line\n\n< old line",
        "Log:\n\n2025-03-03 10:00:00 error sending to <bob@firm.example>:\n\nrefused\n\nWhy?",
        "Thanks! On Wed, Apr 2, 2025 at 3:59 PM, bob@firm.example wrote:\n\nno\n\nbut I say yes",
        "Log:\n\nFrom: worker 1\nFrom: worker 2\nTo: nobody",
        "Script:\n\n--\n-- Table structure\n--\nCREATE TABLE a;",
        "-- begin\nselect 1;\n-- end\nDoes that help?",
        "First.\n--\nPlease also change my address.",
        "First.\n---\nCould you also call me?",
        "Please find it below.\n\nSent from the warehouse yesterday.",
        "It said:\n\nSent from Outlook I cannot open the file.",
        "This message is confidential, please delete my account.\n\nThanks",
        "Disclaimer: I have not tried turning it off.",
        "Answers in red below.\n\nFrom: A\nSent: B\nTo: c\nSubject: d\n\nold\nnew in red",
        "Antworten unten in rot.\n\nVon: A\nGesendet: B\nAn: c\nBetreff: d\n\nalt\nneu",
        "Best regards,\nAnn\nOrder 4711\nCall +49 30 1234567\nann@firm.example",
        ">>> import this\nfails\n>>> import that\nworks",
        "##- Please type your reply above this line -##\n\nYour ticket was updated.",
    ],
)
def test_what_only_looks_like_history_is_never_hidden(text):
    assert _split(text) == (text, "")
    assert _split(text, is_answer=False) == (text, "")


@pytest.mark.parametrize(
    ("old", "name"),
    [
        (
            "##- Please type your reply above this line -##\n\nYour request was solved.",
            "zendesk",
        ),
        ("—-—-—-— Reply above this line. —-—-—-—\n\nBob commented:", "jira"),
        ("-----Bob Miller <bob@firm.example> wrote: -----\n\nold", "notes"),
        ("Gesendet: Montag\nVon: Bob\nAn: Ann\nBetreff: x\n\nalt", "gmx"),
        ("From:\tBob\nTo:\tAnn\nDate:\t2025\nSubject:\tx\n\nold", "notes headers"),
        ("*From:* Bob\n*Sent:* Monday\n*To:* Ann\n*Subject:* x\n\nold", "bold"),
        ("From: Bob\n\nSent: Monday\n\nTo: Ann\n\nSubject: x\n\nold", "spread"),
        ("-------- Original message --------\nFrom: Bob \nDate: 03/03/2025 \n\nold", "samsung"),
        ("Original Message\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: x\n\nold", "blackberry"),
        ("------------------ 原始邮件 ------------------\n发件人: Bob\n\nold", "qq"),
        ("----- Le 3 Mar 25, à 10:05, Bob bob@firm.example a écrit :\n\nold", "zimbra"),
    ],
)
def test_other_programs_are_known(old, name):
    assert _split(f"Thank you.\n\n{old}") == ("Thank you.", old)


def test_what_servers_and_lists_add_is_folded():
    legal = "This e-mail is confidential and intended for the addressee alone."
    avast = "Virus-free. www.avast.com"
    rule = "_______________________________________________"
    list_ = f"{rule}\nuser mailing list\nuser@list.example\nhttps://list.example/user"
    for foot in (legal, avast, list_, f"-- \nAnn\n\n{legal}", f"{avast}\n\n{list_}"):
        assert _split(f"Thank you.\n\n{foot}", is_answer=False) == ("Thank you.", foot)
        old = f"On Mon, 3 Mar 2025 at 10:05, Bob wrote:\n> old\n\n{foot}"
        assert _split(f"Thank you.\n\n{old}") == ("Thank you.", old)


def test_contact_lines_below_a_sign_off_are_folded_and_the_name_stays():
    foot = "Support Engineer\nFirm Ltd.\nTel. +49 30 1234567\nwww.firm.example"
    assert _split(f"It works.\n\nBest regards,\nAnn Miller\n{foot}") == (
        "It works.\n\nBest regards,\nAnn Miller",
        foot,
    )


def test_the_pieces_of_what_was_cut_are_told_apart():
    signature, history = "-- \nAnn", "On Mon, 3 Mar 2025 at 10:05, Bob wrote:\n> old"
    assert quotes.folds(signature) == [(Fold.SIGNATURE, signature)]
    assert quotes.folds(history) == [(Fold.HISTORY, history)]
    assert quotes.folds(f"{signature}\n\n{history}") == [
        (Fold.SIGNATURE, signature),
        (Fold.HISTORY, history),
    ]
    assert quotes.folds(f"{history}\n\n{signature}") == [
        (Fold.HISTORY, history),
        (Fold.SIGNATURE, signature),
    ]


@pytest.mark.parametrize(
    ("subject", "answers", "forwards"),
    [
        ("Re: x", True, False),
        ("RE[2]: x", True, False),
        ("AW: x", True, False),
        ("Sv: x", True, False),
        ("回复：x", True, False),
        ("Fwd: x", False, True),
        ("WG: x", False, True),
        ("TR : x", False, True),
        ("转发: x", False, True),
        ("VS: x", True, True),
        ("Odp: x", True, False),
        ("İLT: x", False, True),
        ("Error: x", False, False),
        ("x", False, False),
        ("", False, False),
        ("WG: AW: x", False, True),
    ],
)
def test_the_word_before_a_subject(subject, answers, forwards):
    assert quotes.is_answer(subject) == answers
    assert quotes.is_forward(subject, text="") == forwards


def test_a_prefix_that_means_both_is_read_with_the_text():
    assert not quotes.is_forward("VS: x", text="Lähettäjä: Bob")


LINES = st.sampled_from(
    [
        "",
        "Hello",
        "> old",
        ">> older",
        "-- ",
        "--",
        "See below in red",
        "Best regards",
        "+49 30 1234567",
        "Sent from my iPhone",
        "Begin forwarded message:",
        "________________________________",
        "-----Original Message-----",
        *[line for lines in ATTRIBUTIONS.values() for line in lines[:1]],
        *[line for language in ("en", "ja") for line in _headers(language).split("\n")],
    ]
) | st.text(max_size=20)
TEXT = st.lists(LINES, max_size=14).map("\n".join)


@given(TEXT, st.booleans(), st.booleans())
def test_nothing_of_any_text_disappears(text, is_answer, is_forward):
    new, quoted = quotes.split(text, is_answer=is_answer, is_forward=is_forward)
    left = Counter(new.split()) + Counter(quoted.split())
    assert left == Counter(text.split())
    assert bool(new.strip()) == bool(text.strip())
    pieces = quotes.folds(quoted) if quoted else []
    assert Counter(" ".join(text for _fold, text in pieces).split()) == Counter(quoted.split())


@given(TEXT)
def test_text_below_everything_else_is_new(text):
    last = "This is the answer."
    assert quotes.split(f"{text}\n> old\n{last}", is_answer=False)[0].endswith(last)
