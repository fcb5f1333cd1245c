"""Makes `.venv` with the locked packages: `python3 -I helpdesk/launcher/install.py run|dev`.

Runs under whatever `python3` is, so it says what is missing instead of failing on its own syntax.
The mark of a finished installation is written last: what was cut short is done again.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any, NoReturn

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOCKS = os.path.join(ROOT, ".requirements")
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
UV = os.path.join(VENV, "bin", "uv")
MARK = os.path.join(VENV, "helpdesk.json")


def fail(sentence: str) -> NoReturn:
    """End with one sentence for people."""
    sys.exit("helpdesk: " + sentence)


def use_new_python() -> None:
    """Start again under a Python that is new enough, or say which one is needed."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        path = shutil.which(name)
        if path and call([path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
            os.execv(path, [path, "-I", os.path.abspath(__file__), *sys.argv[1:]])
    fail(
        "Python 3.11 or newer is needed and python3 is %d.%d: install a newer one (apt install"
        " python3.11), or name one, as in `make run PYTHON=/opt/python3.12/bin/python3`."
        % sys.version_info[:2]
    )


def installed() -> "dict[str, str]":
    """What the mark says: {"set": "run" or "dev", "lock": hash}, or {}."""
    try:
        with open(MARK) as file:
            return dict(json.load(file))
    except (OSError, ValueError):
        return {}


def lock_file(name: str) -> str:
    """The path of a lock."""
    return os.path.join(LOCKS, name + ".txt")


def fingerprint(name: str) -> str:
    """A hash over the lock and the interpreter: either changing means to install again."""
    digest = hashlib.sha256(sys.version.encode())
    for part in (lock_file(name), lock_file("uv")):
        with open(part, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def call(command: "list[str]", **options: Any) -> bool:
    """True when the program ran and succeeded."""
    try:
        return subprocess.call(command, **options) == 0
    except OSError:
        return False


def make_venv() -> None:
    """A virtual environment with pip; a broken one is made anew."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if call([PYTHON, "-m", "pip", "--version"], **quiet) and same_python():
        return
    print("helpdesk: making .venv with Python %d.%d" % sys.version_info[:2], flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    if call([sys.executable, "-m", "venv", VENV], stdout=subprocess.DEVNULL):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    fail(
        "this Python cannot make a virtual environment: install what Debian keeps apart"
        " (apt install python3-venv) and try again."
    )


def same_python() -> bool:
    """True when `.venv` belongs to this version of Python."""
    code = "import sys; sys.exit(sys.version_info[:2] != %r)" % (tuple(sys.version_info[:2]),)
    return call([PYTHON, "-c", code])


def sync(name: str) -> None:
    """Install exactly what the lock names: with uv, which is quick, else with pip."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    lock = ["--require-hashes", "-r"]
    # Compiled now, once, instead of at each start of each process.
    uv = [UV, "pip", "sync", "--quiet", "--compile-bytecode", "--python", PYTHON]
    if call([*pip, *lock, lock_file("uv")]) and call([*uv, "--require-hashes", lock_file(name)]):
        return
    print("helpdesk: uv could not install; trying with pip", flush=True)
    if not call([*pip, *lock, lock_file(name)]):
        fail(
            "the packages could not be installed; the reason stands above. Check the network and"
            " the free space of this disk, then try again: it goes on where it stopped."
        )


def install(name: str) -> None:
    """Bring `.venv` to the lock `name`; a development set is never cut down to the other."""
    before = installed()
    if before.get("set") == "dev":
        name = "dev"
    wanted = {"set": name, "lock": fingerprint(name)}
    if before == wanted:
        return
    make_venv()
    if os.path.exists(MARK):
        os.remove(MARK)
    print("helpdesk: installing the locked packages", flush=True)
    sync(name)
    with open(MARK + ".new", "w") as file:
        json.dump(wanted, file)
    os.replace(MARK + ".new", MARK)


def main() -> None:
    """One installation at a time; Ctrl-C leaves no mark, so the next call repairs."""
    use_new_python()
    fcntl.flock(os.open(LOCKS, os.O_RDONLY), fcntl.LOCK_EX)
    try:
        install(sys.argv[1])
    except KeyboardInterrupt:
        fail("stopped; the next call goes on.")
    except OSError as error:
        fail("the installation stopped: %s. Nothing is half done; try again." % error)


if __name__ == "__main__":
    main()
