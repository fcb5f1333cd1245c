"""A mail server that delivers nothing, each mail becomes a file: `...launcher.sink PORT FOLDER`."""

import asyncio
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MOST_BYTES = 50 << 20


class Keeper:
    """Writes each mail whole into `<seconds>-<pid>-<number>.eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    @staticmethod
    def _bytes(envelope: Envelope) -> bytes:
        # Bytes, as the server was not asked to decode what it receives.
        return envelope.content if isinstance(envelope.content, bytes) else b""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail under a name that sorts by arrival; the file appears only when whole."""
        name = f"{time.time():.3f}-{os.getpid()}-{next(self.numbers):06}.eml"
        head = "".join(
            f"{key}: {value}\r\n"
            for key, value in [
                ("X-Envelope-From", envelope.mail_from),
                *(("X-Envelope-To", address) for address in envelope.rcpt_tos),
            ]
        )
        cut = self.folder / f".{name}"
        cut.write_bytes(head.encode("utf-8", "surrogateescape") + self._bytes(envelope))
        cut.replace(self.folder / name)
        return f"250 kept as {name}"


async def serve(port: int, folder: Path) -> None:
    """Listen on the loopback interface until SIGTERM or SIGINT."""
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(
            keeper, hostname="localhost", data_size_limit=MOST_BYTES, enable_SMTPUTF8=True
        ),
        "127.0.0.1",
        port,
    )
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    kept_in = Path(sys.argv[2])
    kept_in.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve(int(sys.argv[1]), kept_in))
