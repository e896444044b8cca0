"""Slots, gadgets, attempts and the crowd: what a dock decides about its places, without any port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock import patience
from tools.dock.rack import attempts, crowd
from tools.dock.rack.attempts import Attempts
from tools.dock.rack.crowd import MOST_AT_A_SLOT, MOST_CAMERAS, MOST_SESSIONS, MOST_STRANGERS, Crowd, FullError
from tools.dock.rack.gadgets import Stand, Tty, Wanted, arrivals, is_usb, stands, wanted
from tools.dock.rack.slots import LONGEST_FILE, Rack, SlotsError, read_slots, usb_location

SECOND = 1_000_000_000
OURS = (0x1D6B, 0x0104)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1-1.2", "1-1.2"),
        ("1-1.2:1.0", "1-1.2"),
        ("12-3", "12-3"),
        ("1-1.2.3.4.1:1.10", "1-1.2.3.4.1"),
        ("", None),
        ("usb1", None),
        ("0000:00:14.0", None),
        ("1-1.2:1", None),
        ("1-1.2:1.0 ", None),
        ("virtio3", None),
    ],
)
def test_usb_location(text: str, place: str | None) -> None:
    """A device and each of its functions are at one place; what is no place of USB is none."""
    assert usb_location(text) == place


def test_labels() -> None:
    """A label stands for one place or several; a place without one is called what it is."""
    rack = read_slots(b'# rack 3\n[slots]\nA1 = "1-1.2"\n"B 2" = ["1-1.3", "/dev/ttyAMA0"]\n')
    assert [rack.slot(place) for place in ("1-1.2", "1-1.3", "/dev/ttyAMA0", "1-1.4")] == ["A1", "B 2", "B 2", "1-1.4"]
    assert Rack().slot("1-1.2") == "1-1.2"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"one table, \[slots\]"),
        ("[slot]\nA1 = '1-1'", r"one table, \[slots\]"),
        ("[slots]\nA1 = '1-1'\n[more]", r"one table, \[slots\]"),
        ("slots = 3", r"one table, \[slots\]"),
        ("[slots]\nA1 = 7", r"slots\.A1"),
        ("[slots]\nA1 = ['1-1', 7]", r"slots\.A1"),
        ("[slots]\nA1 = []", r"slots\.A1: no place"),
        ("[slots.A1]\nx = '1-1'", r"slots\.A1"),
        ("[slots]\nA1 = '1-1'\nA2 = '1-1'", "1-1 is in A1 already"),
        ("[slots]\nA1 = ['1-1', '1-1']", "1-1 is in A1 already"),
        ("[slots]\nA1 = '1-1'\nA1 = '1-2'", "overwrite|already"),
        ("[slots]\n'' = '1-1'", "label ''"),
        ("[slots]\n' A' = '1-1'", "label ' A'"),
        ("[slots]\n\"A\\n1\" = '1-1'", "label"),
        (f"[slots]\n{'A' * 33} = '1-1'", "1 to 32"),
        (f"[slots]\nA = '{'1' * 129}'", "1 to 128"),
        ("[slots]\nA = ''", "place ''"),
        ("[slots\n", "line 1|Expected"),
        ("[slots]\nA1 = " + "[" * 5000, "."),
        ("#" * (LONGEST_FILE + 1), "bytes"),
        ("[slots]\n" + "".join(f"A{n} = '1-{n}'\n" for n in range(1001)), "more than 1000"),
        (b"[slots]\nA1 = '\xff'", "utf-8|UTF-8"),
    ],
)
def test_labels_that_are_refused(text: str | bytes, why: str) -> None:
    """Whatever else a file of slots holds is refused, and named."""
    with pytest.raises(SlotsError, match=why):
        read_slots(text.encode() if isinstance(text, str) else text)


def tty(path: str, location: str | None = "1-1.2:1.0", which: tuple[int, int] = OURS, text: str = "") -> Tty:
    """A port as a scan finds it."""
    return Tty(path, location, *which, text)


@pytest.mark.parametrize(
    ("found", "spec", "taken"),
    [
        (tty("/dev/ttyACM0"), "usb", True),
        (tty("/dev/ttyACM0", which=(0x0525, 0xA4A7)), "usb", True),
        (tty("/dev/ttyUSB0", which=(0x0403, 0x6001)), "usb", False),
        (tty("/dev/ttyUSB0", which=(0x0403, 0x6001), text="Lapel camera - serial"), "usb", True),
        (tty("/dev/ttyUSB0", which=(0x0403, 0x6001), text="Overlapel"), "usb", False),
        (tty("/dev/ttyUSB0", which=(0x0403, 0x6001)), "usb:0403:6001", True),
        (tty("/dev/ttyACM0"), "usb:0403:6001", False),
        (tty("/dev/ttyACM0"), "usb:1D6B:0104", True),
        (tty("/dev/ttyACM0", location=None), "usb", False),
        (Tty("/dev/ttyS0"), "usb", False),
        (Tty("/dev/ttyS0", description="lapel"), "usb", False),
    ],
)
def test_what_counts_as_a_camera(found: Tty, spec: str, *, taken: bool) -> None:
    """One table says which USB serial ports are tried; ``usb:VENDOR:PRODUCT`` says another."""
    assert wanted(spec).takes(found) is taken


@pytest.mark.parametrize(
    "spec", ["usb:", "usb:1d6b", "usb:1d6b:104", "usb:1d6b:0104:", "usb:1d6b:010g", "usb: 1d6:0104"]
)
def test_wrong_filters(spec: str) -> None:
    """A vendor and a product of four hexadecimal digits each, and nothing else."""
    assert is_usb(spec)
    with pytest.raises(ValueError, match="usb:VENDOR:PRODUCT"):
        wanted(spec)


def test_names_that_are_no_usb() -> None:
    """A path or an address is neither."""
    assert not any(is_usb(spec) for spec in ("/dev/usb", "usbserial", "tcp:usb:1"))


def test_coming_and_going() -> None:
    """Who is new is attended; who is attended is not attended twice; a path at another place is somebody else."""
    none = [Wanted()]
    first = stands([tty("/dev/ttyACM1", "1-1.3"), tty("/dev/ttyACM0"), Tty("/dev/ttyS0")], none)
    at_2, at_3 = Stand("1-1.2", "/dev/ttyACM0"), Stand("1-1.3", "/dev/ttyACM1")
    assert arrivals(first, []) == [at_2, at_3]
    assert arrivals(first, [at_2]) == [at_3]
    assert arrivals(frozenset(), [at_2, at_3]) == []
    renamed = stands([tty("/dev/ttyACM7")], none)
    assert arrivals(renamed, [at_2]) == [Stand("1-1.2", "/dev/ttyACM7")]
    moved = stands([tty("/dev/ttyACM0", "1-1.4")], none)
    assert arrivals(moved, [at_2]) == [Stand("1-1.4", "/dev/ttyACM0")]
    assert stands([tty("/dev/ttyACM0")], none, apart_from={"/dev/ttyACM0"}) == frozenset()


def test_two_ports_of_one_camera() -> None:
    """A camera with two serial functions is in one slot."""
    found = stands(
        [tty("/dev/ttyACM0", "1-1:1.0"), tty("/dev/ttyACM1", "1-1:1.2")], [Wanted(), wanted("usb:1d6b:0104")]
    )
    assert {stand.place for stand in found} == {"1-1"}
    assert len(found) == 2


@given(
    st.lists(
        st.sets(st.tuples(st.sampled_from(["1-1", "1-2", "1-3"]), st.sampled_from(["a", "b", "c"])), max_size=5),
        max_size=8,
    )
)
def test_any_scans(scans: list[set[tuple[str, str]]]) -> None:
    """Whatever scans find: who is attended after each is exactly who is there, if those that left end by themselves."""
    attended: set[Stand] = set()
    for scan in scans:
        now = stands([tty(path, place) for place, path in scan], [Wanted()])
        attended &= now
        new = arrivals(now, attended)
        assert not attended & set(new)
        attended |= set(new)
        assert attended == now


def test_pauses_are_the_camera_s() -> None:
    """A camera that waits as it has to is never kept waiting by the dock as well."""
    assert patience.PAUSES_S[1:] == attempts.PAUSES_S


def test_pauses() -> None:
    """Each refusal in a row doubles the pause, up to a minute; each slot has its own."""
    limit, now = Attempts(), 7 * SECOND
    assert not limit.suspicious("A1")
    for pause in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert limit.wait_ns("A1", now) == 0
        assert limit.refused("A1", now) == pause
        assert limit.wait_ns("A1", now) == pause * SECOND
        assert limit.wait_ns("A2", now) == 0
        now += pause * SECOND - 1
        assert limit.wait_ns("A1", now) == 1
        now += 1
    assert limit.suspicious("A1")
    limit.refused("A1", now)
    limit.forget("A1")
    limit.forget("A1")
    assert not limit.suspicious("A1")
    assert limit.wait_ns("A1", now) == 0
    assert limit.refused("A1", now) == 1


def test_many_slots_are_remembered_and_no_more() -> None:
    """Whoever makes up addresses fills no memory, and is forgotten before those who were refused after."""
    limit = Attempts()
    limit.refused("old", 0)
    limit.refused("again", 0)
    for number in range(attempts.MOST_SLOTS - 2):
        limit.refused(f"made up {number}", 0)
    limit.refused("again", 0)
    limit.refused("one more", 0)
    assert not limit.suspicious("old")
    assert limit.suspicious("again")
    assert limit.suspicious("one more")
    assert len(limit._records) == attempts.MOST_SLOTS == 1024


def test_strangers() -> None:
    """A slot has room for some who have not shown who they are, all slots together for more, and room that is left is
    given anew."""
    crowd_ = Crowd()
    assert [crowd_.enter("a") for _ in range(MOST_AT_A_SLOT)] == [""] * MOST_AT_A_SLOT
    assert "from this slot" in crowd_.enter("a")
    crowd_.leave("a")
    assert not crowd_.enter("a")
    for number in range(MOST_STRANGERS - MOST_AT_A_SLOT):
        assert not crowd_.enter(f"slot {number}")
    assert str(MOST_STRANGERS) in crowd_.enter("one more")
    crowd_.leave("slot 3")
    assert not crowd_.enter("one more", most=1)
    assert crowd_.enter("one more", most=1)
    for number in range(MOST_STRANGERS - MOST_AT_A_SLOT):
        crowd_.leave(f"slot {number}")
    assert set(crowd_._strangers) == {"a", "one more"}


def test_seats() -> None:
    """Forty cameras are seated, whatever links each of them has; the next one is told, and seated once one is gone."""
    crowd_ = Crowd()
    held = [crowd_.seat(f"cam-{number}") for number in range(MOST_CAMERAS)]
    for each in held:
        each.__enter__()
    with pytest.raises(FullError, match="40 cameras"), crowd_.seat("cam-41"):
        pass
    with crowd_.seat("cam-3"):
        held[3].__exit__(None, None, None)
        with pytest.raises(FullError), crowd_.seat("cam-41"):
            pass
    with crowd_.seat("cam-41"):
        pass
    for each in held[:3] + held[4:]:
        each.__exit__(None, None, None)
    assert not crowd_._seated


def test_links_of_one_camera() -> None:
    """One camera has several links, and no more than it may."""
    crowd_ = Crowd(cameras=1)
    held = [crowd_.seat("cam-1") for _ in range(MOST_SESSIONS)]
    for each in held:
        each.__enter__()
    with pytest.raises(FullError, match="8 links"), crowd_.seat("cam-1"):
        pass
    for each in held:
        each.__exit__(None, None, None)
    assert crowd.MOST_CAMERAS == 40
