"""A real object store on this machine: OpenStack Swift as Debian packages it, as plain processes in a directory of the test's own.

The stock daemons (proxy, account, container, object) and memcached, one replica on one directory, tempauth.  Swift's own ``s3api`` gives the same server
an S3 endpoint.  Neither root, nor anything outside the directory, is needed.
"""

from __future__ import annotations

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("swift-proxy-server", "swift-account-server", "swift-container-server", "swift-object-server", "memcached")
USER, KEY = "prison:dock", "a-key-for-tests"
START_S = 300.0
"""On a machine with nothing else to do it takes three."""

# What swift-ring-builder would say of one device, in one process instead of nine.
_RINGS = """
import sys
from array import array
from swift.common.ring import RingData
for arg in sys.argv[2:]:
    name, port = arg.split(":")
    place = {"ip": "127.0.0.1", "port": int(port), "replication_ip": "127.0.0.1", "replication_port": int(port)}
    device = {"id": 0, "region": 1, "zone": 1, "device": "disk", "weight": 1.0, "meta": "", **place}
    RingData([array("H", [0] * 4)], [device], 30).save(f"{sys.argv[1]}/{name}.ring.gz")
"""
_HASHES = """[swift-hash]
swift_hash_path_suffix = lapel
swift_hash_path_prefix = tests
[storage-policy:0]
name = one
default = yes
"""
_DEFAULT = """[DEFAULT]
swift_dir = {root}
devices = {root}/devices
mount_check = false
user = {user}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
fallocate_reserve = 0
"""
_BACKEND = """[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
_PROXY = """[pipeline:main]
pipeline = catch_errors gatekeeper cache {auth} copy container-quotas proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_prison_dock = {key} .admin
[filter:copy]
use = egg:swift#copy
[filter:container-quotas]
use = egg:swift#container_quotas
"""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A server that runs: where, and how one signs in."""

    root: Path
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What the environment of somebody who may use it holds, for both of its languages; ``port``: a way round to it."""
        auth = f"http://127.0.0.1:{port or self.port}/auth/v1.0"
        amazon = {"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_EC2_METADATA_DISABLED": "true"}
        return {**amazon, "ST_AUTH": auth, "ST_USER": USER, "ST_KEY": KEY}

    def data_files(self) -> list[Path]:
        """What its objects are on its disk."""
        return sorted((self.root / "devices").rglob("*.data"))


@contextmanager
def running(root: Path, auth: str = "s3api tempauth", filters: str = "") -> Iterator[ObjectStore]:
    """Run it in this directory; ``auth``: the parts of the proxy's pipeline that say who may, of which ``filters`` configures further ones."""
    names = ("account", "container", "object")
    ports = dict(zip((*names, "proxy", "memcached"), free_ports(5), strict=True))
    (root / "devices/disk").mkdir(parents=True)
    (root / "swift.conf").write_text(_HASHES)
    rings = [f"{name}:{ports[name]}" for name in names]
    subprocess.run(["/usr/bin/python3", "-c", _RINGS, str(root), *rings], check=True, timeout=START_S)
    commands = [["memcached", "-l", "127.0.0.1", "-p", str(ports["memcached"]), "-u", getpass.getuser(), "-m", "16"]]
    for name in (*names, "proxy"):
        default = _DEFAULT.format(root=root, user=getpass.getuser(), port=ports[name])
        proxy = _PROXY.format(auth=auth, key=KEY, **ports) + filters
        rest = _BACKEND.format(name=name) if name in names else proxy
        (root / f"{name}.conf").write_text(default + rest)
        commands.append([f"swift-{name}-server", str(root / f"{name}.conf"), "-v"])
    with ExitStack() as stack:
        servers = [stack.enter_context(process(command, root / f"{command[0]}.log")) for command in commands]
        for port in ports.values():
            await_port(port, servers)
        yield ObjectStore(root, ports["proxy"])


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; what it says goes into a file."""
    with log.open("wb") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as server:
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def await_port(port: int, servers: list[subprocess.Popen[bytes]]) -> None:
    """Wait until somebody listens there; ``RuntimeError`` if one of those who should ends, or nobody ever does."""
    until = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            dead = [server.args for server in servers if server.poll() is not None]
            if dead or time.monotonic() > until:
                raise RuntimeError(f"nobody listens at {port}; ended: {dead}") from None
            time.sleep(0.05)
        else:
            return


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses."""
    with ExitStack() as stack:
        doors = [stack.enter_context(socket.socket()) for _ in range(count)]
        for door in doors:
            door.bind(("127.0.0.1", 0))
        return [int(door.getsockname()[1]) for door in doors]
