"""The control socket: how a demo, a panel, a scenario or a test handles the simulated camera.

A Unix-domain stream socket.  A client sends JSON objects, one a line, and gets one line for each in the order in
which they were sent::

    {"do": "press", "button": "record"}             {"ok": true, "time_ns": 5123456789}
    {"do": "release", "button": "record"}           {"ok": true, "time_ns": 5203456789}
    {"do": "tap", "button": "record", "ms": 80}     press, wait, release; answered when the button is up again
    {"do": "trigger", "name": "alarm"}              a wired input goes off, for a tenth of a second
    {"do": "plug", "port": "/dev/pts/7"}            or "tcp:127.0.0.1:4433"; the charging contacts get power too
    {"do": "unplug"}                                pulled out of the dock
    {"do": "fault", "part": "storage", "kind": "stall", "seconds": 2}
    {"do": "describe"}                              {"ok": true, "verbs": {...}, "faults": {...}}, see below
    {"do": "state"}                                 {"ok": true, "lights": ..., "clock": ..., ...}, see below
    {"do": "watch", "log": true}                    {"ok": true}, and then events; ``log`` may be left out
    {"do": "look"}                                  {"ok": true}, and then pictures
    {"do": "quit"}                                  the service ends as on a shutdown

What is wrong is answered ``{"ok": false, "error": "unknown verb 'pres'; known: press, release, ..."}``.  ``press``,
``release`` and ``tap`` take ``bounces``; ``plug`` and ``unplug`` take ``link``.  Which parts can fail, how, and with what
arguments is in each part's ``faults``; a wrong word is answered with the known ones.

``describe`` tells what can be asked for, so that whoever draws controls needs no list of its own.  ``verbs`` maps each verb to
its arguments, ``faults`` each part to its kinds and these to their arguments.  An argument is one of these; a ``default`` of
null has to be given::

    {"kind": "number", "low": 0, "high": 60, "whole": true, "default": null}
    {"kind": "word", "known": ["record", "function"], "default": null}
    {"kind": "text", "limit": 1024, "default": null}
    {"kind": "flag", "default": true}

``state`` has these members::

    time_ns, clock {utc_ms, quality}                the camera's clocks
    lights {top, front}, buttons {record, ...}      a light is {colour, pattern}; a button is true while it is down
    battery {percent, charging, celsius}, contact   as its service reads them
    dock, docks                                     what each link is plugged into, null for nothing; ``dock`` is the first
    space {total, free}, overlay, watchdog          bytes on the evidence partition; what is burnt in; who watches the service
    service                                         what the service says of itself: ``firmware/runtime/insight.py``

After ``watch`` the client also gets one line for each change of the lights (the present ones first), each cue, and each
plug and pull, between the answers to whatever else it sends::

    {"event": "lights", "time_ns": ..., "utc_ms": ..., "top": {"colour": "red", "pattern": "steady"}, "front": {...}}
    {"event": "cue", "time_ns": ..., "utc_ms": ..., "name": "started", "buzz_ms": [200], "tones": []}
    {"event": "dock", "time_ns": ..., "utc_ms": ..., "port": null, "link": 1}

With ``log`` also one for each line of the audit log, once it is durable; the newest 200 of this start come first.  ``line`` is the line as
on the card, a compact JWS.  What is about people and conduct is not in it: it is encrypted, and a line names its hash alone::

    {"event": "log", "time_ns": ..., "utc_ms": ..., "file": "00000003.jwsl", "line": "eyJ..."}

After ``look`` it gets a small picture of what the lens sees, overlay and all, up to eight times a second.  They are made only while
somebody looks, and one that finds another still waiting for this client is left out: best use a connection of its own::

    {"event": "picture", "time_ns": ..., "utc_ms": ..., "jpeg": "<base64>"}

``time_ns`` is the camera's monotonic clock.  A request has at most 65,536 bytes.  A watcher that does not read is cut off once a
thousand lines wait for it.  A path longer than the 107 bytes of a socket address is reached through ``/proc/self/fd/N/NAME``, N being an
open descriptor of its directory.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from hal.sim.calls import Call, CallError, pick
from hal.sim.connection import Connection, Stream
from hal.sim.verbs import Handler

_CLIENTS = 16
_ADDRESS_BYTES = 107
_MODE = 0o600


class Control:
    """The socket's server.  It listens from its construction until ``close``."""

    def __init__(self, path: Path, verbs: Mapping[str, Handler], streams: Mapping[str, Stream]) -> None:
        """Listen at ``path``; ``OSError`` if something else is there.  ``streams`` are the verbs after which a client is told of events."""
        self._path = path
        self._verbs = verbs
        self._streams = streams
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self._listener = _listen(path)
        self._thread = threading.Thread(target=self._accept, name="sim-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send what waits, end all connections and take the socket away."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(end, self._serve, self._gone)
            with self._lock:
                full = len(self._connections) >= _CLIENTS
                if not full:
                    self._connections.add(connection)
            if full:
                end.close()
            else:
                connection.start()

    def _gone(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def _serve(self, connection: Connection, line: bytes) -> None:
        try:
            request = _parse(line)
            verb = request.pop("do", None)
            known: dict[str, Handler | Stream] = {**self._verbs, **self._streams}
            asked = pick(known, "verb", verb)
            if isinstance(asked, Stream):
                _begin(connection, str(verb), asked, request)
            else:
                connection.send({"ok": True, **asked(request)})
        except (OSError, ValueError) as problem:
            connection.send({"ok": False, "error": str(problem)})


def _begin(connection: Connection, name: str, stream: Stream, request: dict[str, object]) -> None:
    """Answer first, and then send events."""
    arguments = Call(stream.start, stream.takes).arguments(request)
    if connection.has(name):
        raise CallError(f"{name}: asked for already")
    connection.send({"ok": True})
    connection.begin(name, lambda: stream.start(connection, **arguments))


def _parse(line: bytes) -> dict[str, object]:
    """One JSON object without double members and without what JSON does not know."""
    try:
        request = json.loads(line, object_pairs_hook=_unique, parse_constant=_no_constant)
    except CallError:
        raise
    except (ValueError, RecursionError) as problem:
        raise CallError(f"not JSON: {problem}") from None
    if not isinstance(request, dict):
        raise CallError("not a JSON object")
    return request


def _unique(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise CallError("a member stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise CallError(f"{name} is no JSON number")


def _listen(path: Path) -> socket.socket:
    """A listening socket; one that a dead camera left behind is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            if path.exists() or path.is_symlink():
                _clear(path, address)
            listener.bind(address)
        path.chmod(_MODE)
        listener.listen(_CLIENTS)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, str(path)) from None
    return listener


def _clear(path: Path, address: str) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise OSError(errno.EEXIST, "not a socket, and not to be replaced by one", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(address) == 0:
            raise OSError(errno.EADDRINUSE, "another camera listens here", str(path))
    path.unlink()


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A socket address for a path of any length."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
