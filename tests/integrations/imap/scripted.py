"""An IMAP server that says what a test wants: for answers no honest server gives."""

import contextlib
import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_UIDS = re.compile(rb"UID FETCH (\S+) ")
_DATE = b'INTERNALDATE "05-Jan-2026 09:00:00 +0000"'


@dataclass
class Script:
    """A folder with mails by UID; `instead` may give the whole answer to a command itself.

    `instead(tag, command)` gives bytes, or None for the ordinary answer.
    """

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    greeting: bytes = b"* OK scripted\r\n"
    capabilities: bytes = b"IMAP4rev1 SASL-IR"
    instead: Callable[[bytes, bytes], bytes | None] = lambda _tag, _command: None
    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    def answer(self, tag, command):
        """The ordinary answer."""
        verb = command.split(b" ")[0].upper()
        done = tag + b" OK done\r\n"
        if verb == b"CAPABILITY":
            return b"* CAPABILITY " + self.capabilities + b"\r\n" + done
        if verb in {b"SELECT", b"EXAMINE"}:
            following = max(self.mails, default=0) + 1
            return (
                b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] v\r\n* OK [UIDNEXT %d] n\r\n"
                % (len(self.mails), self.validity, following)
            ) + done
        if verb == b"LOGOUT":
            return b"* BYE bye\r\n" + done
        if command.startswith(b"UID FETCH"):
            return b"".join(self.rows(command)) + done
        return done

    def rows(self, command):
        """What is answered for each mail, in order."""
        uids = sorted(self.mails)
        for uid in self._asked(_UIDS.match(command)[1]):
            place, mail = uids.index(uid) + 1, self.mails[uid]
            if b"BODY.PEEK[]" in command:
                yield b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (place, uid, len(mail), mail)
            else:
                size = len(mail)
                yield b"* %d FETCH (UID %d RFC822.SIZE %d %b)\r\n" % (place, uid, size, _DATE)

    def _asked(self, asked):
        last = max(self.mails, default=0)
        found = set()
        for part in asked.split(b","):
            first, _colon, end = part.partition(b":")
            bounds = [last if word == b"*" else int(word) for word in (first, end or first)]
            found |= {uid for uid in self.mails if min(bounds) <= uid <= max(bounds)}
        return sorted(found)


class _Line(socketserver.StreamRequestHandler):
    def handle(self):
        script = self.server.script
        self.wfile.write(script.greeting)
        if not script.greeting:
            return
        for line in self.rfile:
            script.heard.append(line.rstrip())
            tag, _space, command = line.rstrip().partition(b" ")
            answer = script.instead(tag, command)
            if answer is None:
                answer = script.answer(tag, command)
            self.wfile.write(answer)
            if not answer or command.upper() == b"LOGOUT":
                return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def speaking(script):
    """The server, on a port of its own."""
    with _Server(("127.0.0.1", 0), _Line) as server:
        server.script, script.port = script, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
