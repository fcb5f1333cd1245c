"""A real IMAP server for tests: Debian's dovecot with a configuration of its own on loopback."""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from helpdesk.launcher import ports
from tests.integrations.tls import write_certificate

PASSWORD = "correct-horse"
HOST = "localhost"
_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/cert.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={root}/homes/%u
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # No penalty for wrong passwords: the tests bring many.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


def missing():
    """Why it cannot run here, or nothing."""
    if not (found := shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")):
        return "dovecot is missing (apt install dovecot-imapd)"
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    return "" if said.stdout.startswith("2.3") else f"dovecot 2.3 is wanted, not {said.stdout}"


@dataclass
class Dovecot:
    """The running server; any user name works, with PASSWORD."""

    root: Path
    port: int
    tls_port: int

    @property
    def certificate(self):
        return self.root / "cert.pem"

    def account(self, name):
        return Account(name=name, home=self.root / "homes" / name)


@dataclass
class Account:
    """One user's mailbox, filled and changed behind the server's back."""

    name: str
    home: Path

    @property
    def maildir(self):
        return self.home / "Maildir"

    def put(self, *mails, at=None):
        """Deliver mails in order; `at` is when the server got them."""
        for folder in (".", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"):
            (self.home / folder).mkdir(exist_ok=True)
            _hand_over(self.home / folder)
        # Dovecot numbers new files by name.
        first = len(list(self.maildir.glob("*/*.mail*")))
        for number, data in enumerate(mails, start=first):
            name = f"{number:09}.mail"
            path = self.maildir / "tmp" / name
            path.write_bytes(data)
            _hand_over(path)
            if at:
                os.utime(path, (at.timestamp(), at.timestamp()))
            path.rename(self.maildir / "new" / name)

    def files(self):
        return sorted(self.maildir.glob("new/*.mail*")) + sorted(self.maildir.glob("cur/*.mail*"))

    def flags(self):
        """The flags of each mail, in order of delivery."""
        named = sorted(path.name for path in self.files())
        return [name.partition(":2,")[2] for name in named]

    def renumber(self):
        """Forget all UIDs: the folder gets another UIDVALIDITY and counts from 1."""
        for path in self.maildir.glob("dovecot[.-]*"):
            path.unlink()
        # A value of its own, so that two changes in one second differ.
        self._validity = getattr(self, "_validity", 1000) + 1
        uids = self.maildir / "dovecot-uidlist"
        uids.write_text(f"3 V{self._validity} N1\n")
        _hand_over(uids)


@contextlib.contextmanager
def running():
    """The server, ready to answer."""
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder:
        root = Path(folder)
        # The front of the server runs as another user and has to find its sockets.
        root.chmod(0o755)
        with _started(root) as server:
            yield server


@contextlib.contextmanager
def _started(root):
    user = pwd.getpwuid(os.getuid())
    owner = _owner()
    port, tls_port = ports.any_free(), ports.any_free()
    (root / "homes").mkdir()
    os.chown(root / "homes", owner.pw_uid, owner.pw_gid)
    write_certificate(root / "cert.pem", HOST)
    config = root / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            root=root,
            user=user.pw_name,
            # Its front must not run as root; this is the user that the package brings.
            login="dovenull" if user.pw_uid == 0 else user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            owner=owner.pw_uid,
            owner_group=owner.pw_gid,
            password=PASSWORD,
            port=port,
            tls_port=tls_port,
        )
    )
    found = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    process = subprocess.Popen([found, "-F", "-c", str(config)])
    try:
        _wait_for(port, process, root)
        yield Dovecot(root, port, tls_port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        # Shown with a test that fails.
        print((root / "log").read_text())


def _owner():
    """Whose mail it is: ours, but never root's."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _hand_over(path):
    os.chown(path, _owner().pw_uid, _owner().pw_gid)


def _wait_for(port, process, root):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    log = root / "log"
    raise AssertionError(f"dovecot does not start: {log.read_text() if log.exists() else ''}")
