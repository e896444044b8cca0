"""What every microphone must do."""

from __future__ import annotations

from itertools import pairwise

import av
import pytest

from hal.interface import AudioFormat, Track, Unit
from tests.contract.implementations import AUDIO_SOURCES
from tests.contract.rigs import AudioRig, Take

RUN_S = 0.5
STEP_NS = 5_000_000
LATE_NS = 500_000_000
AAC_LC = 2
RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


@pytest.fixture(scope="module", params=AUDIO_SOURCES)
def recorded(request: pytest.FixtureRequest) -> tuple[AudioFormat, Take]:
    """Half a second of each microphone in turn."""
    rig = AUDIO_SOURCES[request.param]()
    return rig.source.format, rig.record(RUN_S)


def unit_ns(form: AudioFormat) -> int:
    """How long a unit lasts."""
    return form.samples_per_unit * 1_000_000_000 // form.rate


def test_config_says_what_the_format_says(audio: AudioRig) -> None:
    """The AudioSpecificConfig is AAC-LC with the format's rate and channels."""
    form = audio.source.format
    bits = int.from_bytes(form.config[:2], "big")
    assert bits >> 11 == AAC_LC
    assert RATES[bits >> 7 & 0xF] == form.rate
    assert bits >> 3 & 0xF == form.channels


def test_units_are_raw_frames(recorded: tuple[AudioFormat, Take]) -> None:
    """Every unit is sound, stands alone, and has no ADTS header."""
    units = recorded[1].units
    assert {unit.track for unit in units} == {Track.AUDIO}
    assert all(unit.key and unit.data for unit in units)
    assert all(int.from_bytes(unit.data[:2], "big") >> 4 != 0xFFF for unit in units)


def test_times_keep_in_step_with_the_clock(recorded: tuple[AudioFormat, Take]) -> None:
    """Each unit begins where the one before ended, to 5 ms over the whole run: no drift."""
    form, units = recorded[0], recorded[1].units
    assert all(before.time_ns < after.time_ns for before, after in pairwise(units))
    for number, unit in enumerate(units):
        due_ns = units[0].time_ns + number * form.samples_per_unit * 1_000_000_000 // form.rate
        assert abs(unit.time_ns - due_ns) < STEP_NS


def test_begins_within_about_a_unit(recorded: tuple[AudioFormat, Take]) -> None:
    """Sound begins when it is asked for, and the encoder's priming is not counted as sound."""
    form, take = recorded
    assert 0 <= take.units[0].time_ns - take.started_ns < 4 * unit_ns(form)


def test_times_are_capture_times(recorded: tuple[AudioFormat, Take]) -> None:
    """No unit comes before its last sample was captured, and none is older than half a second."""
    form, take = recorded
    ages_ns = [arrival_ns - unit.time_ns for arrival_ns, unit in zip(take.arrivals_ns, take.units, strict=True)]
    assert all(unit_ns(form) - 1 <= age_ns < LATE_NS for age_ns in ages_ns)


def test_units_decode(recorded: tuple[AudioFormat, Take]) -> None:
    """A decoder that knows only the config makes the promised number of samples of each unit."""
    form, units = recorded[0], recorded[1].units
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = form.config
    sizes = [frame.samples for unit in units for frame in decoder.decode(av.Packet(unit.data))]
    assert sizes == [form.samples_per_unit] * len(units)
    assert (decoder.sample_rate, decoder.layout.nb_channels) == (form.rate, form.channels)


def test_nothing_comes_after_stop(audio: AudioRig) -> None:
    """Once ``stop`` has returned the sink is not called any more; stopping again is harmless."""
    units = audio.record(RUN_S / 2).units
    count = len(units)
    audio.run(RUN_S / 4)
    audio.source.stop()
    assert len(units) == count > 0


def test_starts_again(audio: AudioRig) -> None:
    """A microphone that was stopped can be started again, and its times go on."""
    before = audio.record(RUN_S / 2).units
    after = audio.record(RUN_S / 2).units
    assert after[0].time_ns > before[-1].time_ns


def test_stop_before_start_is_harmless(audio: AudioRig) -> None:
    """A microphone that never ran can be stopped, and was silent."""
    units: list[Unit] = []
    audio.source.stop()
    audio.run(0.05)
    assert not units
