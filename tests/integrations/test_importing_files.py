"""Old mail is found where it lies, whatever program put it there."""

from datetime import UTC, datetime

import pytest

from integrations.importing_files import Search, arrived_at

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST = "From ann@x.example Mon Jan  1 10:00:00 2001\n"


def head(name, **headers):
    lines = {"Subject": name, "Date": "Mon, 1 Jan 2001 10:00:00 +0000", **headers}
    return "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in lines.items())


def found_in(path, text=None):
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    search = Search(now=NOW)
    search.look([str(path)])
    return search


def texts(search):
    return [found.read().decode() for found in search.mails]


def subjects(search):
    return [text.partition("Subject: ")[2].partition("\n")[0].strip() for text in texts(search)]


def test_an_mbox_gives_its_mails_as_they_were(tmp_path):
    first = head("one") + "\nFrom here on\n>From the start\n>>From quoted\n"
    search = found_in(tmp_path / "mbox", f"{FIRST}{first}\n{FIRST}{head('two')}\nLast line\n")
    one, two = texts(search)
    assert one == head("one") + "\nFrom here on\nFrom the start\n>From quoted\n"
    assert two == head("two") + "\nLast line\n"


def test_crlf_and_a_missing_last_line_end(tmp_path):
    text = f"{FIRST}{head('one')}\nHi\n\n{FIRST}{head('two')}\nBye".replace("\n", "\r\n")
    search = found_in(tmp_path / "mbox", text)
    assert subjects(search) == ["one", "two"]
    assert texts(search)[0].endswith("\r\nHi\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "From - Mon Jan 01 10:00:00 2001",
        "From ???@??? Mon Jan 01 10:00:00 2001",
        "From 16712345@xxx Thu Jan 02 10:00:00 +0000 2020",
        "From Ann Smith <a@x.example> Mon Jan 1 10:00 2001",
        "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
        "From nobody",
    ],
)
def test_the_dividing_lines_of_many_programs(tmp_path, line):
    text = f"{line}\n{head('one')}\nHi\n\n{line}\n{head('two')}\nHi\n"
    assert subjects(found_in(tmp_path / "mbox", text)) == ["one", "two"]


def test_a_sentence_that_begins_with_from_divides_nothing(tmp_path):
    body = "\nHi\n\nFrom what I see at 10:30\nNote: it works\n"
    assert len(found_in(tmp_path / "mbox", f"{FIRST}{head('one')}{body}").mails) == 1


def test_a_content_length_keeps_a_mailbox_inside_a_mail_together(tmp_path):
    inner = f"\n{FIRST}Subject: inner\n\nx\n"
    one = head("one", Content_Length=len(inner)) + "\n" + inner
    text = f"{FIRST}{one}\n{FIRST}{head('two', Content_Length=99999)}\nHi\n\n"
    assert subjects(found_in(tmp_path / "mbox", text)) == ["one", "two"]


def test_what_a_program_left_of_a_deleted_mail_stays_out(tmp_path):
    gone = head("gone", **{"X-Mozilla-Status": "0009"})
    internal = head("DON'T DELETE THIS MESSAGE", **{"X-IMAP": "1 2"})
    kept = head("kept", **{"X-Mozilla-Status": "0001"})
    text = "\n".join(f"{FIRST}{mail}\nx\n" for mail in (gone, internal, kept))
    search = found_in(tmp_path / "Inbox", text)
    assert (subjects(search), search.deleted) == (["kept"], 2)


def test_a_maildir_with_folders(tmp_path):
    for place in ("cur", "new", "tmp", ".Sent/cur"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "new/1.host").write_text(head("new"))
    (tmp_path / "cur/2.host:2,S").write_text(head("seen"))
    (tmp_path / "cur/3.host:2,ST").write_text(head("trashed"))
    (tmp_path / ".Sent/cur/4.host:2,S").write_text(head("sent"))
    (tmp_path / "tmp/5.host").write_text(head("half"))
    (tmp_path / "dovecot-uidlist").write_text("3 V1")
    search = found_in(tmp_path)
    assert sorted(subjects(search)) == ["new", "seen", "sent"]
    assert search.deleted == 1
    assert search.others == [str(tmp_path / "dovecot-uidlist")]


def test_folders_of_files_and_what_cannot_be_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.eml").write_text(head("eml"))
    (tmp_path / "a/17").write_text(head("number"))
    (tmp_path / "a/notes.txt").write_text("no mail")
    (tmp_path / "a/old.mbox").write_text(f"{FIRST}{head('boxed')}\nx\n")
    (tmp_path / "a/gone.eml").symlink_to(tmp_path / "nowhere")
    search = found_in(tmp_path)
    assert sorted(subjects(search)) == ["boxed", "eml", "number"]
    assert search.unreadable == [(str(tmp_path / "a/gone.eml"), "No such file or directory")]
    assert search.others == [str(tmp_path / "a/notes.txt")]


def test_the_oldest_comes_first(tmp_path):
    for year in (2003, 2001, 2002):
        mail = head(str(year), Date=f"Mon, 1 Jan {year} 10:00:00 +0000")
        (tmp_path / f"{year}.eml").write_text(mail)
    assert subjects(found_in(tmp_path)) == ["2001", "2002", "2003"]


LAY = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "year"),
    [
        ({"Date": "Mon, 1 Jan 2001 10:00:00 +0000"}, 2001),
        ({"Date": "nonsense"}, 2020),
        ({"Date": "Thu, 1 Jan 1970 00:00:00 +0000"}, 2020),
        ({"Date": "Mon, 1 Jan 2035 10:00:00 +0000"}, 2024),
        # A sender's clock that nobody confirms.
        (
            {
                "Received": "from a by b; Tue, 1 Jan 2002 10:00:00 +0000",
                "Date": "Mon, 1 Jan 1990 10:00:00 +0000",
            },
            2002,
        ),
        # Moved from one server to another years later; the first server agrees.
        (
            {
                "Received": "from b by c; Wed, 1 Jan 2020 10:00:00 +0000\n"
                "Received: from a by b; Mon, 1 Jan 2001 10:00:05 +0000",
                "Date": "Mon, 1 Jan 2001 10:00:00 +0000",
            },
            2001,
        ),
    ],
)
def test_when_a_mail_came(headers, year):
    text = "".join(f"{name}: {value}\n" for name, value in headers.items()).encode()
    assert arrived_at(text, lay_since=LAY, now=NOW).year == year
