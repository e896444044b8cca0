"""What every lens must do."""

from __future__ import annotations

import re
from itertools import pairwise

import av

from hal.interface import Overlay, Track, Unit, VideoFormat
from tests.contract.rigs import Take, VideoRig

RUN_S = 0.5
LATE_NS = 500_000_000
IDR, SPS, PPS = 5, 7, 8


def nal_types(unit: Unit) -> list[int]:
    """The types of the NAL units in an access unit in Annex B form."""
    return [found[0] & 0x1F for found in re.findall(rb"\x00\x00\x01(.)", unit.data, re.DOTALL)]


def test_first_unit_is_a_keyframe(recorded: tuple[VideoFormat, Take]) -> None:
    """What a source delivers can be decoded from its first unit on."""
    units = recorded[1].units
    assert units[0].key
    assert {unit.track for unit in units} == {Track.VIDEO}


def test_keyframes_carry_their_parameter_sets(recorded: tuple[VideoFormat, Take]) -> None:
    """Each keyframe is an IDR behind its own SPS and PPS, and no other unit is one."""
    for unit in recorded[1].units:
        types = nal_types(unit)
        assert (IDR in types) == unit.key
        if unit.key:
            assert types.index(SPS) < types.index(PPS) < types.index(IDR)


def test_units_begin_with_a_start_code(recorded: tuple[VideoFormat, Take]) -> None:
    """The units are Annex B, one access unit each: exactly one picture."""
    for unit in recorded[1].units:
        assert re.match(rb"\x00?\x00\x00\x01", unit.data)
        assert sum(kind in {1, IDR} for kind in nal_types(unit)) == 1


def test_keyframes_come_every_gop(recorded: tuple[VideoFormat, Take]) -> None:
    """There are ``gop`` frames from keyframe to keyframe."""
    keys = [index for index, unit in enumerate(recorded[1].units) if unit.key]
    assert len(keys) > 1
    assert {after - before for before, after in pairwise(keys)} == {recorded[0].gop}


def test_times_rise_at_the_frame_rate(recorded: tuple[VideoFormat, Take]) -> None:
    """Times strictly increase, and there are about as many units as the format says."""
    form, units = recorded[0], recorded[1].units
    assert all(before.time_ns < after.time_ns for before, after in pairwise(units))
    span_s = (units[-1].time_ns - units[0].time_ns) / 1e9
    assert abs(span_s * form.fps - (len(units) - 1)) <= 2


def test_times_are_capture_times(recorded: tuple[VideoFormat, Take]) -> None:
    """No unit comes from the future or from before the start, and none is older than half a second."""
    take = recorded[1]
    ages_ns = [arrival_ns - unit.time_ns for arrival_ns, unit in zip(take.arrivals_ns, take.units, strict=True)]
    assert take.units[0].time_ns >= take.started_ns
    assert all(0 <= age_ns < LATE_NS for age_ns in ages_ns)


def test_nothing_comes_after_stop(video: VideoRig) -> None:
    """Once ``stop`` has returned the sink is not called any more; stopping again is harmless."""
    units = video.record(RUN_S / 3).units
    count = len(units)
    video.run(RUN_S / 3)
    video.source.stop()
    assert len(units) == count > 0


def test_starts_again_with_a_keyframe(video: VideoRig) -> None:
    """A source that was stopped can be started again, and its times go on."""
    before = video.record(RUN_S / 3).units
    after = video.record(RUN_S / 3).units
    assert after[0].key
    assert after[0].time_ns > before[-1].time_ns


def test_stop_before_start_is_harmless(video: VideoRig) -> None:
    """A source that never ran can be stopped."""
    video.source.stop()


def test_overlay_changes_at_any_time(video: VideoRig) -> None:
    """The overlay may be set while stopped and while running, and no unit is lost over it."""
    video.source.overlay(Overlay("lapel-0001", recording=False, clock_set=False))
    units: list[Unit] = []
    video.source.start(units.append)
    video.run(RUN_S / 3)
    video.source.overlay(Overlay("lapel-0001", recording=True, clock_set=True))
    video.run(RUN_S / 3)
    video.source.stop()
    steps = [after.time_ns - before.time_ns for before, after in pairwise(units)]
    assert max(steps) < 2 * min(steps)


def test_units_decode_in_order(recorded: tuple[VideoFormat, Take]) -> None:
    """A decoder makes one picture of the format's size of each unit, at once and in the same order: no B-frames."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.options = {"flags": "low_delay"}
    form, units = recorded[0], recorded[1].units
    pictures = []
    for number, unit in enumerate(units):
        packet = av.Packet(unit.data)
        packet.pts = packet.dts = number
        pictures += decoder.decode(packet)
    pictures += decoder.decode(None)
    assert [picture.pts for picture in pictures] == list(range(len(units)))
    assert {(picture.width, picture.height) for picture in pictures} == {(form.width, form.height)}
