"""Drawings for the specifications, from the tables of the code."""

from __future__ import annotations

from collections.abc import Iterable

from firmware.dock.frames import FrameType
from firmware.dock.link import LinkState
from firmware.dock.protocol import TABLE, Side, State
from firmware.evidence.roles import SHAPES


def drawn(lines: Iterable[str]) -> str:
    """A drawing that GitHub and many other readers show."""
    return "\n".join(["```mermaid", *lines, "```"])


def certificates() -> str:
    """The tree of roles."""
    lines = ["flowchart LR"]
    for role, shape in SHAPES.items():
        ends = "[", "]"
        if not shape.ca:
            ends = "(", ")"
        lines.append(f'  {_word(role)}{ends[0]}"{role}"{ends[1]}')
        if shape.parent is not None:
            lines.append(f"  {_word(shape.parent)} --> {_word(role)}")
    return drawn([*lines, '  pqroot["pq-root"]', '  pqdevice("device, second signature")', "  pqroot --> pqdevice"])


def chain() -> str:
    """What holds the hash of what."""
    return drawn(
        [
            "flowchart RL",
            '  subgraph journal ["journal of recording 17"]',
            '    flush2["flush, line 2"] -- prev --> flush1["flush, line 1"] -- prev --> opening17["opening"]',
            "  end",
            '  opening17 -- previous --> opening16["opening of recording 16"]',
            '  subgraph log ["audit log"]',
            '    closing["closing 17"] -- prev --> line["opening 17"] -- prev --> boot["boot, carries the newest opening"]',
            "  end",
            "  line -- opening --> opening17",
            '  manifest["manifest.jws"] -- opening --> opening17',
            "  manifest -- journal.head --> flush2",
            "  closing -- manifest --> manifest",
            '  files["000000.mp4.age, ..."]',
            "  flush2 -- cipher, plain, tracks --> files",
            "  manifest -- files --> files",
            '  receipt["receipt.jws"] -- manifest --> manifest',
            '  anchor["anchor.jws"] -- audit.head --> closing',
            '  later["opening of recording 18"] -- anchor --> anchor',
            "  later -- previous --> opening17",
        ]
    )


def conversation() -> str:
    """The states of a docking, and of an enrolment."""
    begins = (State.GREETING, State.INTRODUCING)
    lines = ["stateDiagram-v2", *(f"  [*] --> {each.name}" for each in begins)]
    for state, (turn, moves) in TABLE.items():
        after: dict[State, list[str]] = {}
        for kind, to in moves.items():
            after.setdefault(to, []).append(kind.__name__)
        for to, names in after.items():
            lines.append(f"  {state.name} --> {to.name}: {turn.value if turn else ''} says {', '.join(names)}")
    return drawn([*lines, f"  {State.CLOSED.name} --> [*]"])


def docking() -> str:
    """One docking that takes over one recording, as far as the table of states allows it: it raises where it does not."""
    said = [
        (Side.CAMERA, "Hello"),
        (Side.DOCK, "Welcome"),
        (Side.CAMERA, "ClockSet"),
        (Side.DOCK, "SettingsLine"),
        (Side.CAMERA, "Stored"),
        (Side.DOCK, "ListItems"),
        (Side.CAMERA, "Items"),
        (Side.DOCK, "ListFiles audit"),
        (Side.CAMERA, "Files"),
        (Side.DOCK, "Get audit 00000001.jwsl"),
        (Side.CAMERA, "Data"),
        (Side.CAMERA, "End"),
        (Side.DOCK, "ListFiles 00000017"),
        (Side.CAMERA, "Files"),
        (Side.DOCK, "Get 00000017 manifest.jws"),
        (Side.CAMERA, "Data"),
        (Side.CAMERA, "End"),
        (Side.DOCK, "Get 00000017 000000.mp4.age"),
        (Side.CAMERA, "Data"),
        (Side.CAMERA, "Busy"),
        (Side.DOCK, "Ping"),
        (Side.CAMERA, "Pong"),
        (Side.DOCK, "Get 00000017 000000.mp4.age"),
        (Side.CAMERA, "Data"),
        (Side.CAMERA, "End"),
        (Side.DOCK, "ReceiptLine"),
        (Side.CAMERA, "Stored"),
        (Side.DOCK, "AnchorLine"),
        (Side.CAMERA, "Stored"),
        (Side.DOCK, "Bye"),
    ]
    state = State.GREETING
    lines = [
        "sequenceDiagram",
        "  participant camera",
        "  participant dock",
        "  Note over camera,dock: TLS 1.3, both certificates",
    ]
    for side, what in said:
        turn, moves = TABLE[state]
        if turn is not side:
            raise ValueError(f"{side.value} says {what} in the state {state.value}")
        state = next(after for kind, after in moves.items() if kind.__name__ == what.split()[0])
        other = Side.DOCK if side is Side.CAMERA else Side.CAMERA
        lines.append(f"  {side.value}->>{other.value}: {what}")
    return drawn(lines)


def link() -> str:
    """The life of a link, of both ends."""
    opening, opened, lost = (each.name for each in LinkState)
    return drawn(
        [
            "stateDiagram-v2",
            f"  [*] --> {opening}",
            f"  {opening} --> {opening}: initiator says {FrameType.OPEN.name} every 300 ms",
            f"  {opening} --> {opened}: initiator hears {FrameType.OPENED.name}, or responder hears {FrameType.OPEN.name}, says {FrameType.OPENED.name}",
            f"  {opened} --> {opened}: {FrameType.DATA.name}, {FrameType.ACK.name}, {FrameType.PROBE.name}",
            f"  {opened} --> {lost}: {FrameType.RESET.name} either way, {FrameType.OPEN.name} of another session, 10 s of silence, or numbers used up",
            f"  {lost} --> [*]: the responder begins anew",
        ]
    )


def volume() -> str:
    """What is where on a card, and who may read it."""
    return drawn(
        [
            "flowchart TB",
            '  card["evidence partition: one volume"] --> own["volume.jws, anchor.jws, log-receipt.jws"]',
            '  card --> audit["audit/"] --> lines["NNNNNNNN.jwsl<br/>clear, signed"]',
            '  audit --> parts["NNNNNNNN.private.age<br/>encrypted, vouched for by lines"]',
            '  card --> recordings["recordings/"] --> one["NNNNNNNN/"]',
            '  one --> journal["journal.jwsl<br/>clear, signed"]',
            '  one --> segments["NNNNNN.mp4.age<br/>encrypted, vouched for by the journal"]',
            '  one --> private["private.age<br/>encrypted, vouched for by the journal"]',
            '  one --> manifest["manifest.jws, manifest.pq.jws<br/>signed by the device key"]',
            '  one --> receipt["receipt.jws<br/>signed by a dock"]',
            '  card --> aside["erasing/, quarantine/, reserve: no evidence"]',
        ]
    )


def _word(role: str) -> str:
    return role.replace("-", "_")
