"""What the simulated camera shows is said in the words of the officer's card, and as the camera means it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core import telling
from firmware.core.flags import Flag
from firmware.core.indications import CUES as FIRMWARE_CUES
from firmware.core.indications import LIGHTS, Look, Trouble, indicate
from firmware.core.machine import Place, Recording
from hal.interface import Colour, Cue, Light, Lights, Pattern
from hal.patterns import COURSES
from tools.sim.look import (
    CUES,
    DARK,
    MEANINGS,
    brightness,
    buzz_as_bar,
    buzz_in_words,
    light_in_words,
    meaning,
    read_cue,
    read_lights,
    tones_in_words,
)
from tools.words.en import ENGLISH

lights = st.builds(Light, st.sampled_from(Colour), st.sampled_from(Pattern))


@pytest.mark.parametrize("look", Look)
def test_every_look_is_known_and_means_what_the_camera_means(look: Look) -> None:
    """Each look of the firmware has its meaning here, word for word."""
    assert meaning(LIGHTS[look]).words == ENGLISH[f"look.{look.value}"]
    assert (meaning(LIGHTS[look]).name == "recording") is look.value.startswith("recording")


def test_no_meaning_is_made_up() -> None:
    """Beside the looks of the firmware there is only the dark."""
    assert set(MEANINGS) == {shown.top for shown in LIGHTS.values()} | {DARK.top}
    assert set(CUES) == {*FIRMWARE_CUES, telling.NAME}


def test_a_hushed_recording_is_seen_by_its_front_light() -> None:
    """The wearer's light is dark: what is shown is still a recording, and nothing at all where the front light is dark too."""
    running = Recording.RECORDING, Place.WORN, frozenset[Trouble](), frozenset({Flag.HUSH})
    assert meaning(indicate(*running)).name == "recording"
    assert meaning(indicate(*running)).words == ENGLISH["look.hushed"]
    assert meaning(indicate(*running, hush_front=True)).name == "off"


def test_an_unknown_light_is_called_so() -> None:
    """A light that the table does not have is never taken for recording."""
    odd = Lights(Light(Colour.BLUE, Pattern.DOUBLE), Light(Colour.OFF))
    assert meaning(odd).name == "unknown"


@given(light=lights, at_s=st.floats(0, 1e6))
def test_brightness_is_bounded_and_dark_is_dark(light: Light, at_s: float) -> None:
    """A light is never brighter than on, and one that is off never shines."""
    bright = brightness(light, at_s)
    assert 0 <= bright <= 1
    assert light.colour is not Colour.OFF or bright == 0


@pytest.mark.parametrize("pattern", [each for each in Pattern if each is not Pattern.STEADY])
def test_patterns_move(pattern: Pattern) -> None:
    """All but the steady light change within their period, and no two in the same way."""

    def course(shown: Pattern) -> list[float]:
        return [brightness(Light(Colour.RED, shown), step / 50) for step in range(300)]

    assert min(course(pattern)) < 0.3
    assert max(course(pattern)) > 0.9
    assert all(course(pattern) != course(other) for other in set(Pattern) - {pattern})


@pytest.mark.parametrize("pattern", Pattern)
def test_patterns_go_as_the_interface_says(pattern: Pattern) -> None:
    """Between two points a light goes straight, and after its period it begins anew."""
    course = COURSES[pattern]
    assert course[0][0] == 0
    assert [at for at, _ in course] == sorted(at for at, _ in course)
    assert all(0 <= level <= 1 for _, level in course)
    for (begin, first), (end, last) in pairwise(course):
        if begin < end:
            assert brightness(Light(Colour.RED, pattern), begin / 1000) == pytest.approx(first, abs=0.01)
            middle = (begin + end) / 2000
            assert brightness(Light(Colour.RED, pattern), middle) == pytest.approx((first + last) / 2, abs=0.01)
            later = middle + 7 * course[-1][0] / 1000
            assert brightness(Light(Colour.RED, pattern), later) == pytest.approx((first + last) / 2, abs=0.01)


@pytest.mark.parametrize(
    ("buzz_ms", "words"),
    [
        ((), "nothing"),
        ((60,), "one tick"),
        ((500,), "one long buzz"),
        ((100, 100, 100), "two short buzzes"),
        ((400, 200, 400), "two long buzzes"),
        ((150, 80, 150, 80, 150, 80, 150), "four short buzzes"),
        ((60, 60, 60), "two ticks"),
        ((100, 50, 500), "two uneven buzzes"),
        ((100, 50) * 7, "7 short buzzes"),
    ],
)
def test_buzzes_in_words(buzz_ms: tuple[int, ...], words: str) -> None:
    """As a hand would tell them apart."""
    assert buzz_in_words(Cue("x", buzz_ms)) == words


def test_buzzes_drawn() -> None:
    """The drawing keeps the order and the proportions."""
    assert buzz_as_bar(Cue("x", (100, 100, 400))) == "▂▂  ▂▂▂▂▂▂▂▂"
    assert buzz_as_bar(Cue("x", (10,))) == "▂"


@pytest.mark.parametrize(
    ("pitches", "words"),
    [
        ((), "nothing"),
        ((660,), "one tone of 660 Hz"),
        ((880, 1320), "two rising tones, 880, 1320 Hz"),
        ((1320, 880), "two falling tones, 1320, 880 Hz"),
        ((220, 330, 220), "three tones, 220, 330, 220 Hz"),
    ],
)
def test_tones_in_words(pitches: tuple[int, ...], words: str) -> None:
    """As an ear would tell them apart."""
    assert tones_in_words(Cue("x", (), tuple((pitch, 100) for pitch in pitches))) == words


def test_lights_in_words() -> None:
    """Colour and pattern, and nothing of a pattern where it is dark."""
    assert light_in_words(Light(Colour.RED, Pattern.PULSE)) == "red, pulsing"
    assert light_in_words(Light(Colour.OFF, Pattern.FAST)) == "dark"


def test_reading_what_the_socket_tells() -> None:
    """Lights and cues survive their way as JSON."""
    told = {"top": {"colour": "red", "pattern": "pulse"}, "front": {"colour": "off", "pattern": "steady"}}
    assert read_lights(told) == Lights(Light(Colour.RED, Pattern.PULSE), Light(Colour.OFF))
    cue = read_cue({"name": "started", "buzz_ms": [500], "tones": [[880, 150], [1320, 250]]})
    assert cue == FIRMWARE_CUES["started"]
