"""What can go wrong before the product runs, each told in one sentence that says what to do."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENOUGH_BYTES = 300 << 20


class Problem(SystemExit):
    """Ends the launcher with a sentence for people and exit code 1."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"helpdesk: {sentence}")


def check_space(path: Path) -> None:
    """Refuse to start where the database would soon stand still.

    Raises Problem below ENOUGH_BYTES of free space.
    """
    free = shutil.disk_usage(path).free
    if free < ENOUGH_BYTES:
        raise Problem(
            f"the disk of {path} has {free >> 20} MB left and {ENOUGH_BYTES >> 20} MB are needed:"
            " free some space and start again; nothing was changed."
        )


@contextmanager
def told_in_a_sentence(path: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into a Problem."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Problem(
                f"the disk of {path} is full: free some space and start again."
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise Problem(
                f"{error.filename or path} cannot be written by this user: give the folder to"
                " the user who runs the product, or set STATE_DIR to another one."
            ) from error
        raise
