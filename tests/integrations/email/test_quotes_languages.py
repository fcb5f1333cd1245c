"""What mail programs write around a quote, in the languages of the big clients."""

from typing import NamedTuple

import pytest

from integrations.email import quotes

NEW = "Thank you, that works. — Спасибо 谢谢"
OLD = "Please try version 4.2."


class Client(NamedTuple):
    """How programs speak in one language: the line above a quote of Gmail or Apple Mail, that
    of Thunderbird, the headers Outlook puts above, and what a telephone adds below."""

    gmail: str
    thunderbird: str
    outlook: str
    device: str


LANGUAGES = {
    "en": Client(
        "On Mon, Mar 3, 2025 at 10:15 AM Ann Doe <ann@x.example> wrote:",
        "On 3/3/25 10:15, Ann Doe wrote:",
        "From: Ann Doe <ann@x.example>\nSent: Monday, March 3, 2025 10:15 AM\nTo: Bob\nSubject: Q",
        "Sent from my iPhone",
    ),
    "de": Client(
        "Am Mo., 3. März 2025 um 10:15 Uhr schrieb Ann Doe <ann@x.example>:",
        "Am 03.03.25 um 10:15 schrieb Ann Doe:",
        "Von: Ann Doe <ann@x.example>\nGesendet: Montag, 3. März 2025 10:15\nAn: Bob\nBetreff: Q",
        "Von meinem iPhone gesendet",
    ),
    "fr": Client(
        "Le lun. 3 mars 2025 à 10:15, Ann Doe <ann@x.example> a écrit :",
        "Le 03/03/2025 à 10:15, Ann Doe a écrit :",
        "De : Ann Doe <ann@x.example>\nEnvoyé : lundi 3 mars 2025 10:15\nÀ : Bob\nObjet : Q",
        "Envoyé de mon iPhone",
    ),
    "es": Client(
        "El lun, 3 mar 2025 a las 10:15, Ann Doe (<ann@x.example>) escribió:",
        "El 3/3/25 a las 10:15, Ann Doe escribió:",
        "De: Ann Doe <ann@x.example>\nEnviado: lunes, 3 de marzo de 2025 10:15\nPara: Bob\n"
        "Asunto: Q",
        "Enviado desde mi iPhone",
    ),
    "pt": Client(
        "Em seg., 3 de mar. de 2025 às 10:15, Ann Doe <ann@x.example> escreveu:",
        "Em 03/03/2025 10:15, Ann Doe escreveu:",
        "De: Ann Doe <ann@x.example>\nEnviada em: segunda-feira, 3 de março de 2025 10:15\n"
        "Para: Bob\nAssunto: Q",
        "Enviado do meu iPhone",
    ),
    "it": Client(
        "Il giorno lun 3 mar 2025 alle ore 10:15 Ann Doe <ann@x.example> ha scritto:",
        "Il 03/03/25 10:15, Ann Doe ha scritto:",
        "Da: Ann Doe <ann@x.example>\nInviato: lunedì 3 marzo 2025 10:15\nA: Bob\nOggetto: Q",
        "Inviato da iPhone",
    ),
    "nl": Client(
        "Op ma 3 mrt 2025 om 10:15 schreef Ann Doe <ann@x.example>:",
        "Op 3-3-2025 om 10:15 schreef Ann Doe:",
        "Van: Ann Doe <ann@x.example>\nVerzonden: maandag 3 maart 2025 10:15\nAan: Bob\n"
        "Onderwerp: Q",
        "Verstuurd vanaf mijn iPhone",
    ),
    "pl": Client(
        "pon., 3 mar 2025 o 10:15 Ann Doe <ann@x.example> napisał(a):",
        "W dniu 3.03.2025 o 10:15, Ann Doe pisze:",
        "Od: Ann Doe <ann@x.example>\nWysłano: poniedziałek, 3 marca 2025 10:15\nDo: Bob\nTemat: Q",
        "Wysłane z iPhone'a",
    ),
    "da": Client(
        "Den man. 3. mar. 2025 kl. 10.15 skrev Ann Doe <ann@x.example>:",
        "Den 03/03/2025 kl. 10.15 skrev Ann Doe:",
        "Fra: Ann Doe <ann@x.example>\nSendt: 3. marts 2025 10:15\nTil: Bob\nEmne: Q",
        "Sendt fra min iPhone",
    ),
    "no": Client(
        "man. 3. mars 2025 kl. 10:15 skrev Ann Doe <ann@x.example>:",
        "Den 03.03.2025 10:15, skrev Ann Doe:",
        "Fra: Ann Doe <ann@x.example>\nSendt: mandag 3. mars 2025 10:15\nTil: Bob\nEmne: Q",
        "Sendt fra min iPhone",
    ),
    "sv": Client(
        "Den mån 3 mars 2025 kl 10:15 skrev Ann Doe <ann@x.example>:",
        "Den 2025-03-03 kl. 10:15, skrev Ann Doe:",
        "Från: Ann Doe <ann@x.example>\nSkickat: den 3 mars 2025 10:15\nTill: Bob\nÄmne: Q",
        "Skickat från min iPhone",
    ),
    "fi": Client(
        "ma 3. maalisk. 2025 klo 10.15 Ann Doe <ann@x.example> kirjoitti:",
        "Ann Doe kirjoitti 3.3.2025 klo 10.15:",
        "Lähettäjä: Ann Doe <ann@x.example>\nLähetetty: maanantai 3. maaliskuuta 2025 10.15\n"
        "Vastaanottaja: Bob\nAihe: Q",
        "Lähetetty iPhonesta",
    ),
    "ru": Client(
        "пн, 3 мар. 2025 г. в 10:15, Ann Doe <ann@x.example>:",
        "03.03.2025 10:15, Ann Doe пишет:",
        "От: Ann Doe <ann@x.example>\nОтправлено: 3 марта 2025 г. 10:15\nКому: Bob\nТема: Q",
        "Отправлено с iPhone",
    ),
    "zh": Client(
        "Ann Doe <ann@x.example> 于2025年3月3日周一 10:15写道：",
        "在 2025/3/3 10:15, Ann Doe 写道:",
        "发件人: Ann Doe <ann@x.example>\n发送时间: 2025年3月3日 10:15\n收件人: Bob\n主题: Q",
        "发自我的 iPhone",
    ),
    "ja": Client(
        "2025年3月3日(月) 10:15 Ann Doe <ann@x.example>:",
        "On 2025/03/03 10:15, Ann Doe wrote:",
        "差出人: Ann Doe <ann@x.example>\n送信日時: 2025年3月3日 10:15\n宛先: Bob\n件名: Q",
        "iPhoneから送信",
    ),
    "ko": Client(
        "2025년 3월 3일 (월) 오전 10:15, Ann Doe <ann@x.example>님이 작성:",
        "2025-03-03 오전 10:15에 Ann Doe 이(가) 쓴 글:",
        "보낸 사람: Ann Doe <ann@x.example>\n보낸 날짜: 2025년 3월 3일 10:15\n받는 사람: Bob\n"
        "제목: Q",
        "나의 iPhone에서 보냄",
    ),
    "tr": Client(
        "Ann Doe <ann@x.example>, 3 Mar 2025 Pzt, 10:15 tarihinde şunu yazdı:",
        "03.03.2025 10:15 tarihinde Ann Doe yazdı:",
        "Kimden: Ann Doe <ann@x.example>\nGönderildi: 3 Mart 2025 Pazartesi 10:15\nKime: Bob\n"
        "Konu: Q",
        "iPhone'umdan gönderildi",
    ),
    "he": Client(
        "\u200fבתאריך יום ב׳, 3 במרץ 2025 ב-10:15 מאת \u202aAnn Doe\u202c\u200f <\u202a"
        "ann@x.example\u202c\u200f>:\u200f",
        "בתאריך 03/03/2025 בשעה 10:15, Ann Doe כתב:",
        "מאת: Ann Doe <ann@x.example>\nנשלח: יום שני 3 מרץ 2025 10:15\nאל: Bob\nנושא: Q",
        "נשלח מה-iPhone שלי",
    ),
}
ALL = sorted(LANGUAGES)


def read(text):
    body, cut = quotes.split(text, is_answer=True)
    # Nothing that was written disappears.
    kept = [line for piece in (body, cut) for line in piece.split("\n") if line.strip()]
    assert sorted(kept) == sorted(line for line in text.split("\n") if line.strip())
    return body, cut


def marked(text):
    return "\n".join(f"> {line}" for line in text.split("\n"))


@pytest.mark.promise("S1.1")
@pytest.mark.parametrize("program", ["gmail", "thunderbird"])
@pytest.mark.parametrize("language", ALL)
def test_a_quote_below_is_folded(language, program):
    line = getattr(LANGUAGES[language], program)
    body, cut = read(f"{NEW}\n\n{line}\n\n{marked(OLD)}")
    assert body == NEW
    assert cut.startswith(line)


@pytest.mark.parametrize("language", ALL)
def test_a_line_that_a_program_wrapped_is_one(language):
    line = LANGUAGES[language].gmail
    at = line.find("<") if "<" in line else len(line) // 2
    assert read(f"{NEW}\n\n{line[:at].rstrip()}\n{line[at:]}\n\n{marked(OLD)}")[0] == NEW


@pytest.mark.parametrize("rule", ["", "_" * 32 + "\n", "\n"])
@pytest.mark.parametrize("language", ALL)
def test_outlook_puts_headers_above(language, rule):
    body, cut = read(f"{NEW}\n\n{rule}{LANGUAGES[language].outlook}\n\n{OLD}")
    assert body == NEW
    assert cut.endswith(OLD)


@pytest.mark.parametrize("language", ALL)
def test_what_a_telephone_adds_is_no_new_text(language):
    words = LANGUAGES[language]
    assert read(f"{NEW}\n\n{words.device}") == (NEW, words.device)
    assert read(f"{NEW}\n\n{words.device}\n\n{words.gmail}\n\n{marked(OLD)}")[0] == NEW


@pytest.mark.parametrize("language", ALL)
def test_answers_between_the_lines_are_kept_whole(language):
    line = LANGUAGES[language].gmail
    text = f"{line}\n\n{marked('First?')}\n\nYes.\n\n{marked('Second?')}\n\nNo."
    assert read(text) == (text, "")


@pytest.mark.parametrize("language", ALL)
def test_an_answer_below_the_quote_is_the_new_text(language):
    assert read(f"{LANGUAGES[language].gmail}\n{marked(OLD)}\n\n{NEW}")[0] == NEW


@pytest.mark.parametrize("language", ALL)
def test_a_forwarded_block_is_kept_in_a_forward(language):
    text = f"FYI\n\n{LANGUAGES[language].outlook}\n\n{OLD}"
    assert quotes.split(text, is_answer=True, is_forward=True) == (text, "")


HIDES_NOTHING = [
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
]


@pytest.mark.parametrize("text", HIDES_NOTHING)
def test_what_only_looks_like_a_quote_stays(text):
    assert quotes.split(text, is_answer=False) == (text, "")


SIGNED = [
    ("-- \nAnn Doe\nACME Ltd", "-- \nAnn Doe\nACME Ltd"),
    ("--\nAnn Doe\n+49 30 1234567\nann@x.example", "--\nAnn Doe\n+49 30 1234567\nann@x.example"),
    ("Get Outlook for iOS<https://aka.ms/o0ukef>", "Get Outlook for iOS<https://aka.ms/o0ukef>"),
]


@pytest.mark.parametrize(("below", "cut"), SIGNED)
def test_a_signature_is_cut_and_kept(below, cut):
    assert read(f"{NEW}\n\n{below}") == (NEW, cut)


def test_legal_words_go_with_the_signature():
    legal = (
        "This e-mail is confidential and intended for the addressee only. If you are not the"
        " intended recipient, please delete it."
    )
    assert read(f"{NEW}\n\n-- \nAnn\n\n{legal}")[0] == NEW


def test_what_was_cut_says_what_it_is():
    _body, cut = read(f"{NEW}\n\n-- \nAnn\n\nOn 3/3/25 10:15, Bob wrote:\n> {OLD}")
    assert [fold for fold, _text in quotes.folds(cut)] == [
        quotes.Fold.SIGNATURE,
        quotes.Fold.HISTORY,
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
        ("VS: x", False, False),
        ("Error: x", False, False),
        ("x", False, False),
        ("", False, False),
    ],
)
def test_the_word_before_a_subject(subject, answers, forwards):
    assert (quotes.is_answer(subject), quotes.is_forward(subject)) == (answers, forwards)
