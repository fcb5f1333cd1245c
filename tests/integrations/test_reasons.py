"""Every code that an original can carry has a sentence for staff."""

import re
from pathlib import Path

from integrations import reasons, threads
from integrations.base import CannotParse, Machine
from integrations.email import limits


def test_each_code_in_use_has_its_words():
    written = set(re.findall(r'reason="(\w+)"', Path(limits.__file__).read_text()))
    # A stranger's mail is a ticket of its own, and needs no reason.
    doubts = set(threads.Doubt) - {threads.Doubt.STRANGER}
    used = {*Machine, *doubts, CannotParse.reason, *written, "attempts", "blocked"}
    used |= {"repeated_id", "spam", "forwarded_in"}
    assert {str(code) for code in used} <= reasons.REASONS.keys()


def test_a_code_nobody_knows_is_shown_as_it_is():
    assert reasons.words_of("auto_reply") != "auto_reply"
    assert reasons.words_of("new_code") == "new_code"
