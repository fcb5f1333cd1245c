"""Attachments of the demo, made on the spot: small pictures, logs and tables."""

from __future__ import annotations

import struct
import zlib

from tickets.content import NewFile

_WIDTH, _HEIGHT = 240, 120
_TYPES = {"png": "image/png", "csv": "text/csv", "txt": "text/plain", "conf": "text/plain"}

_TEXTS = {
    "migrate.log": (
        "08:38:51 step 86: done (2.1 s)\n"
        "08:38:51 step 87: start, 1,204,331 rows\n"
        "08:39:51 step 87: lock timeout after 60 s (held by pid 41180, report_usage)\n"
        "08:39:51 step 87: gave up, schema between 86 and 88\n"
    ),
    "ferrysync.log": (
        "03:10:00 wake lock taken (poll)\n"
        "03:10:00 nothing to do\n"
        "03:10:30 wake lock taken (poll)\n"
        "03:10:30 nothing to do\n"
        "03:11:00 wake lock taken (poll)\n"
    ),
    "build.log": "1237 passed, 3 failed in 214.8 s\nFAILED: see above\n",
    "chain.txt": "0 leaf, ends in 71 days\n1 intermediate, 2031\n2 old root, expired\n",
    "directory.conf": "[directory]\nserver = ldaps://directory.example.net\npassword = ***\n",
    "table.csv": ",".join(f"column {n}" for n in range(1, 15)) + "\n",
    "speed.csv": "hour,MB/s\n08,0.2\n09,0.2\n10,0.1\n11,0.2\n",
    "scan.csv": "id,severity,package\n1,critical,docs-tool\n2,critical,docs-tool\n3,low,zlib\n",
    "audit.txt": "03:02 session reused, other network\n03:03 page read\n03:05 page read\n",
    "report.txt": "What happened\n  08:39 the update stopped at step 87 …\n\nWhat we change\n  …\n",
    "advisory.txt": "Under embargo until Tuesday.\nOwlwatch 1.8.3 and older wrote the token …\n",
}


def file_called(name: str) -> NewFile:
    """The file of this name with its bytes; pictures get colours of their own."""
    ending = name.rpartition(".")[2]
    data = picture(name) if ending == "png" else _TEXTS[name].encode()
    return NewFile(name=name, content_type=_TYPES.get(ending, "text/plain"), data=data)


def picture(name: str) -> bytes:
    """A small PNG (RFC 2083) that looks like a bar chart; its name decides its shape."""
    heights = [zlib.crc32(f"{name}{bar}".encode()) % 90 + 15 for bar in range(12)]
    colour = bytes((90, 80 + zlib.crc32(name.encode()) % 120, 190))
    rows = b"".join(b"\0" + _row(y, heights, colour) for y in range(_HEIGHT))
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _row(y: int, heights: list[int], colour: bytes) -> bytes:
    background = bytes((247, 247, 249))
    bars = (colour if _HEIGHT - y <= height else background for height in heights)
    return b"".join(background * 4 + bar * 12 + background * 4 for bar in bars)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
