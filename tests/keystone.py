"""A real Keystone on this machine, as Debian packages it, and a Swift that asks it who may."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keystoneauth1 import session as keystone
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3

from tests.object_store import START_S, ObjectStore, await_port, free_ports, process, running

COMMANDS = ("keystone-manage",)
ADMIN, DOCK = "an-admin-of-tests", "a-dock-of-tests"
REGION = "here"

_CONFIG = """[DEFAULT]
log_file = {root}/keystone.log
[database]
connection = sqlite:///{root}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {root}/keys
[fernet_receipts]
key_repository = {root}/keys
[credential]
key_repository = {root}/keys
[cache]
enabled = false
[identity]
password_hash_rounds = 4
"""
# keystone-manage, one command after the other: Keystone is loaded once for all of them, and each has a process of its own.
_MANAGE = """
import os, shlex, sys
from keystone.cmd import cli
for command in sys.argv[2:]:
    if not (child := os.fork()):
        sys.argv = ["keystone-manage", f"--config-file={sys.argv[1]}", *shlex.split(command)]
        sys.exit(cli.main(sys.argv))
    if status := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"{command}: {status}")
"""
_SERVE = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server
config, port = sys.argv.pop(1), int(sys.argv.pop(1))
sys.argv[1:] = ["--config-file", config]
from keystone.server.wsgi import initialize_public_application
class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True
make_server("127.0.0.1", port, initialize_public_application(), server_class=Threads).serve_forever()
"""
_FILTERS = """
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
auth_url = {url}
auth_type = password
interface = public
username = admin
password = {password}
project_name = admin
user_domain_id = default
project_domain_id = default
delay_auth_decision = true
token_cache_time = -1
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = member
"""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Keystone, Swift, and a user ``dock`` of a project ``prison`` with an application credential."""

    url: str
    store: ObjectStore
    admin: Any
    user: str
    credential: str
    secret: str

    def by_password(self) -> dict[str, str]:
        """The environment of somebody who signs in as the user."""
        domains = {"OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default"}
        return {
            "OS_AUTH_URL": self.url,
            "OS_USERNAME": "dock",
            "OS_PASSWORD": DOCK,
            "OS_PROJECT_NAME": "prison",
            **domains,
        }

    def by_credential(self) -> dict[str, str]:
        """The environment of somebody who has the application credential alone."""
        own = {"OS_APPLICATION_CREDENTIAL_ID": self.credential, "OS_APPLICATION_CREDENTIAL_SECRET": self.secret}
        return {"OS_AUTH_URL": self.url, **own}


def session_of(url: str, user: str, password: str, project: str) -> Any:
    """Signed in as somebody."""
    who: dict[str, Any] = {"username": user, "password": password, "project_name": project}
    return keystone.Session(auth=v3.Password(url, user_domain_id="default", project_domain_id="default", **who))


@contextmanager
def cloud(root: Path) -> Iterator[Cloud]:
    """Run both in this directory."""
    (root / "keys").mkdir(mode=0o700, parents=True)
    config = root / "keystone.conf"
    config.write_text(_CONFIG.format(root=root))
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/v3"
    who = f"--keystone-user={os.getuid()}", f"--keystone-group={os.getgid()}"
    bootstrap = f"--bootstrap-password={ADMIN}", f"--bootstrap-public-url={url}", f"--bootstrap-region-id={REGION}"
    _let_readers_linger(root / "keystone.db")
    _manage(config, ["db_sync"], ["fernet_setup", *who], ["bootstrap", *bootstrap])
    with ExitStack() as stack:
        serve = ["/usr/bin/python3", "-c", _SERVE, str(config), str(port)]
        server = stack.enter_context(process(serve, root / "keystone.out"))
        await_port(port, [server])
        filters = _FILTERS.format(url=url, password=ADMIN)
        store = stack.enter_context(running(root / "swift", "authtoken keystoneauth", filters))
        try:
            made = _furnish(url, store)
        except ClientException as error:
            said = [(root / f"keystone.{end}").read_text(errors="replace")[-4000:] for end in ("log", "out")]
            raise RuntimeError("\n".join(["Keystone refuses what it is furnished with:", *said])) from error
        yield made


def _furnish(url: str, store: ObjectStore) -> Cloud:
    """What an operator of a cloud enters: the object store in the catalogue, a project, a user; and what that one makes."""
    admin = session_of(url, "admin", ADMIN, "admin")

    def make(kind: str, **facts: Any) -> str:
        return str(admin.post(f"{url}/{kind}s", json={kind: facts}).json()[kind]["id"])

    service = make("service", type="object-store", name="swift")
    where = f"{store.url}/v1/AUTH_%(project_id)s"
    make("endpoint", interface="public", service_id=service, region_id=REGION, url=where)
    project = make("project", name="prison", domain_id="default")
    user = make("user", name="dock", password=DOCK, domain_id="default", default_project_id=project)
    (role,) = admin.get(f"{url}/roles?name=member").json()["roles"]
    admin.put(f"{url}/projects/{project}/users/{user}/roles/{role['id']}")
    own = session_of(url, "dock", DOCK, "prison")
    asked = {"application_credential": {"name": "rack"}}
    given = own.post(f"{url}/users/{user}/application_credentials", json=asked).json()["application_credential"]
    return Cloud(url, store, admin, user, given["id"], given["secret"])


def _let_readers_linger(database: Path) -> None:
    """Write beside readers.  While a thread of Keystone's has not ended a read, a write into a rollback journal waits, fails after
    5 s, and Keystone answers 500; a write into a write-ahead log waits for no reader.  The file remembers which it has."""
    with closing(sqlite3.connect(database)) as opened:
        (mode,) = opened.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise RuntimeError(f"{database}: the journal is {mode}")


def _manage(config: Path, *commands: list[str]) -> None:
    """Run commands of Keystone's; ``RuntimeError`` with what it says where one fails."""
    run = ["/usr/bin/python3", "-c", _MANAGE, str(config), *map(shlex.join, commands)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=START_S)
    if done.returncode:
        raise RuntimeError(done.stderr)
