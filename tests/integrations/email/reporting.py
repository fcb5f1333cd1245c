"""Reports as mail servers write them, each about the mail and the address a test names.

Written for these tests after the forms the servers are known by (RFC 3464 and their own).
"""

from __future__ import annotations

_RETURNED = """\
Return-Path: <support@desk.example>
Received: from mail.desk.example (mail.desk.example [192.0.2.1])
\tby mx.customer.example; Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: {id}
From: Lea (Support) <support@desk.example>
To: <{to}>
Subject: Re: Printer on fire [#7]

Have you tried water?
"""


def _standard(*, action: str, status: str, said: str, words: str, head: str, **parts: str) -> str:
    returned = parts.get("returned", "message/rfc822")
    kind = parts.get("kind", "multipart/report; report-type=delivery-status")
    return f"""\
{head}
MIME-Version: 1.0
Content-Type: {kind};
\tboundary="=_b"

--=_b
Content-Type: text/plain; charset=utf-8

{words}

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000

Original-Recipient: rfc822;{{to}}
Final-Recipient: rfc822; {{to}}
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--=_b
Content-Type: {returned}

{_RETURNED}
--=_b--
"""


POSTFIX = _standard(
    head="Return-Path: <>\nFrom: MAILER-DAEMON@mx.customer.example (Mail Delivery System)\n"
    "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied",
    action="failed",
    status="5.1.1",
    said="smtp; 550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    words="This is the mail system at host mx.customer.example.\n\n"
    "<{to}>: host mx[192.0.2.9] said: 550 5.1.1 User unknown",
)
OFFICE_365 = _standard(
    head="From: <postmaster@customer.example>\nSubject: Undeliverable: Printer on fire\n"
    "X-MS-Exchange-Message-Is-Ndr: \nIn-Reply-To: {id}\nReferences: {id}",
    action="failed",
    status="5.1.10",
    said="smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP lookup",
    words="Your message to {to} couldn't be delivered.",
)
GMAIL = _standard(
    head="Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
    "Subject: Delivery Status Notification (Failure)\nX-Failed-Recipients: {to}\n"
    "Auto-Submitted: auto-replied\nIn-Reply-To: {id}\nReferences: {id}",
    action="failed",
    status="5.1.1",
    said="smtp; 550-5.1.1 The email account that you tried to reach does not exist.",
    words="** Address not found **",
)
SES = _standard(
    head="Return-Path: <>\nFrom: MAILER-DAEMON@amazonses.com\n"
    "Subject: Delivery Status Notification (Failure)",
    action="failed",
    status="5.2.2",
    said="smtp; 552 5.2.2 mailbox full",
    words="An error occurred while trying to deliver the mail to the following recipients:\n{to}",
    returned="text/rfc822-headers",
)
SENDMAIL = _standard(
    head="Return-Path: <MAILER-DAEMON>\n"
    "From: Mail Delivery Subsystem <MAILER-DAEMON@customer.example>\n"
    "Subject: Returned mail: see transcript for details\nAuto-Submitted: auto-generated (failure)",
    action="failed",
    status="5.1.2",
    said="DNS; Host unknown",
    words="   ----- The following addresses had permanent fatal errors -----\n<{to}>",
    returned="text/rfc822-headers",
)
OPENSMTPD = _standard(
    head="Return-Path: <>\nFrom: Mailer Daemon <MAILER-DAEMON@mx.customer.example>\n"
    "Subject: Delivery status notification: error",
    action="error",
    status="5.0.0",
    said="smtp; 550 Invalid recipient: {to}",
    words="The following is a list of recipients: {to}: 550 Invalid recipient",
    kind="multipart/mixed",
)
NOTES = _standard(
    head="From: Postmaster@customer.example\nSubject: DELIVERY FAILURE: User a not listed",
    action="failed",
    status="5.1.1",
    said="X-Notes; User a (a@customer.example) not listed in Domino Directory",
    words="Your message\n\n  Subject: Re: Printer on fire\n\nwas not delivered to:\n\n  {to}",
)
STANDARD = {
    "postfix": POSTFIX,
    "office 365": OFFICE_365,
    "gmail": GMAIL,
    "amazon ses": SES,
    "sendmail": SENDMAIL,
    "opensmtpd": OPENSMTPD,
    "notes": NOTES,
}

EXIM = f"""\
Return-Path: <>
X-Failed-Recipients: {{to}}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {{to}}
    host mx.customer.example [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<{{to}}>:
    550 No such mailbox

------ This is a copy of the message, including all the headers. ------

{_RETURNED}
"""
QMAIL = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.customer.example
Subject: failure notice

Hi. This is the qmail-send program at mx.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{{to}}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{_RETURNED}
"""
YAHOO = f"""\
From: MAILER-DAEMON@yahoo.com
Subject: Failure Notice

Sorry, we were unable to deliver your message to the following address.

<{{to}}>:
554: delivery error: dd This user doesn't have a yahoo.com account

--- Below this line is a copy of the message.

{_RETURNED}
"""
GMX = f"""\
Return-Path: <>
From: "GMX Mailer Daemon" <mailer-daemon@gmx.net>
Subject: Mail delivery failed: returning message to sender
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of
its recipients. This is a permanent error. The following address
failed:

{{to}}:
SMTP error from remote server for RCPT TO command, reason: 550 mailbox unavailable

--- The header of the original message is following. ---

{_RETURNED}
"""
GROUPWISE = f"""\
From: System Administrator <postmaster@customer.example>
Subject: Undeliverable: Re: Printer on fire
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Your message did not reach the following recipient(s): {{to}} (550 mailbox not found)

--b
Content-Type: message/rfc822

{_RETURNED}
--b--
"""
GERMAN = f"""\
Return-Path: <>
From: Maildienst <maildienst@customer.example>
Subject: =?utf-8?q?Unzustellbar=3A_Drucker?=

Die Nachricht konnte nicht zugestellt werden: {{to}}: 550 Postfach unbekannt

{_RETURNED}
"""
IN_OWN_WORDS = {
    "exim": EXIM,
    "qmail": QMAIL,
    "yahoo": YAHOO,
    "gmx": GMX,
    "groupwise": GROUPWISE,
    "german": GERMAN,
}

DELAYED = {
    "standard": _standard(
        head="Return-Path: <>\nFrom: MAILER-DAEMON@mx.customer.example\n"
        "Subject: Delayed Mail (still being retried)",
        action="delayed",
        status="4.4.1",
        said="smtp; 451 4.4.1 greylisted",
        words="THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
    ),
    "exim": f"""\
Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
Subject: Warning: message 1abc-0000 delayed 24 hours

A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue.

The address to which the message has not yet been delivered is:

  {{to}}

No action is required on your part.

{_RETURNED}
""",
}
DELIVERED = _standard(
    head="Return-Path: <>\nFrom: MAILER-DAEMON@mx.customer.example\n"
    "Subject: Successful Mail Delivery Report",
    action="delivered",
    status="2.0.0",
    said="smtp; 250 ok",
    words="Your message was successfully delivered.",
)
COMPLAINT = f"""\
From: Feedback <fbl@provider.example>
Subject: FW: Printer on fire
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an email abuse report for an email message from 192.0.2.1.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1

--b
Content-Type: message/rfc822

{_RETURNED}
--b--
"""


def written(report: str, *, about: str, to: str = "ann@customer.example") -> bytes:
    """The report as it arrives; `about` is the Message-ID of the mail it returns."""
    return report.replace("{id}", about).replace("{to}", to).encode()
