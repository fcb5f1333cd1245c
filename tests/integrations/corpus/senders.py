"""From, To and Cc: one address for sure, or nobody (security.md M06)."""

from tests.integrations.corpus.case import Case, case


def sender(raw: str | bytes, address: str | None, name: str = "") -> Case:
    """A mail with this From."""
    line = b"From: " + (raw if isinstance(raw, bytes) else raw.encode())
    return case(line + b"\nSubject: s\n\nx", **{"from": address, "from_name": name})


def recipients(raw: str, to: list[str]) -> Case:
    """A mail with this To."""
    return case(f"From: a@x.example\nTo: {raw}\n\nx", to=to)


CASES = {
    "plain": sender("ann@x.example", "ann@x.example"),
    "angle": sender("Ann Lee <Ann@X.example>", "ann@x.example", "Ann Lee"),
    "quoted-name": sender('"Lee, Ann" <ann@x.example>', "ann@x.example", "Lee, Ann"),
    "escaped-name": sender(r'"Ann \"A\" Lee" <ann@x.example>', "ann@x.example", 'Ann "A" Lee'),
    "words-and-quotes": sender(
        '=?utf-8?q?J=C3=B8?= "B." Lee <a@x.example>', "a@x.example", "Jø B. Lee"
    ),
    "encoded-name": sender("=?utf-8?b?w4FubmE=?= <a@x.example>", "a@x.example", "Ánna"),
    "encoded-in-quotes": sender('"=?utf-8?b?w4FubmE=?=" <a@x.example>', "a@x.example", "Ánna"),
    "encoded-with-comma": sender("=?utf-8?q?Lee=2C_Ann?= <a@x.example>", "a@x.example", "Lee, Ann"),
    "encoded-whole": sender("=?utf-8?b?w4FubmEgPGFAeC5leGFtcGxlPg==?=", "a@x.example", "Ánna"),
    "encoded-address": sender("=?utf-8?q?a=40x.example?=", None),
    "encoded-and-plain": sender(
        "=?utf-8?q?a=40x.example?= <b@y.example>", "b@y.example", "a@x.example"
    ),
    "raw-name": sender("Ánna <a@x.example>", "a@x.example", "Ánna"),
    "raw-latin1-name": sender(b"Ren\xe9e <a@x.example>", "a@x.example", "Renée"),
    "comment-name": sender("ann@x.example (Ann Lee)", "ann@x.example", "Ann Lee"),
    "folded": sender("Ann\n Lee\n <ann@x.example>", "ann@x.example", "Ann Lee"),
    "empty-name": sender('"" <ann@x.example>', "ann@x.example"),
    "same-twice": sender('"ann@x.example" <ann@x.example>', "ann@x.example", "ann@x.example"),
    "eai": sender("Jürgen <jürgen@bücher.example>", "jürgen@bücher.example", "Jürgen"),
    "punycode": sender("<a@xn--bcher-kva.example>", "a@xn--bcher-kva.example"),
    "literal": sender("a@[192.0.2.1]", "a@[192.0.2.1]"),
    "no-domain-dot": sender("root@localhost", "root@localhost"),
    # Nobody, since two readers would name two.
    "two": sender("a@x.example, b@y.example", None),
    "two-headers": case("From: a@x.example\nFrom: b@y.example\n\nx", **{"from": None}),
    "group": sender("Friends: a@x.example;", None),
    "another-outside": sender("boss@x.example <evil@y.example>", None, "boss@x.example"),
    "after-brackets": sender("<a@x.example> b@y.example", None, "b@y.example"),
    "comment-in-address": sender("alice@example.org)bob@example.com", None),
    "quoted-at": sender('"a@x.example"@y.example', None),
    "never-closed": sender("Ann <ann@x.example", None, "Ann"),
    "empty": sender("", None),
    "null": sender("<>", None),
    "name-only": sender("Ann Lee", None),
    "missing": case("To: a@x.example\nSubject: s\n\nx", **{"from": None}),
    "homograph": sender("a@x.example\u212a", None),
    # Recipients.
    "to-list": recipients(
        "a@x.example, B <b@x.example>,,c@x.example", ["a@x.example", "b@x.example", "c@x.example"]
    ),
    "to-group": recipients(
        "All: a@x.example, b@x.example; c@x.example", ["a@x.example", "b@x.example", "c@x.example"]
    ),
    "to-hidden": recipients("undisclosed-recipients:;", []),
    "to-comma-in-name": recipients('"Lee, Ann" <a@x.example>', ["a@x.example"]),
    "to-semicolons": recipients("a@x.example; b@x.example", ["a@x.example", "b@x.example"]),
    "to-twice": recipients("a@x.example, A@X.example", ["a@x.example"]),
    "to-two-headers": case(
        "From: a@x.example\nTo: b@x.example\nTo: c@x.example\n\nx",
        to=["b@x.example", "c@x.example"],
    ),
    "cc": case("From: a@x.example\nCc: b@x.example\n\nx", cc=["b@x.example"]),
}
