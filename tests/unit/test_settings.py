"""The settings: every limit, every layer, all problems at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.rules import Choice, Coded, Several, Text, Whole
from firmware.settings import CODE, DEFAULTS, KEYS, PROFILES, Settings, SettingsError, load

BOARD = "board file"
SIGNED = "authority's settings"

DEFAULT_VALUES = {
    "pre_event_s": 30,
    "pre_event_sound": False,
    "post_event_s": 0,
    "segment_s": 10,
    "start_press": "single",
    "confirm_stop": True,
    "max_length_min": 720,
    "record_on_undock": False,
    "record_in_dock": True,
    "hold_s": 3,
    "remind_s": 120,
    "keep_after_receipt_h": 24,
    "profile": "custom",
    "width": 1280,
    "height": 720,
    "fps": 30,
    "bitrate": 4_000_000,
    "overlay_fields": "device,shift,time",
    "mute_allowed": False,
    "hush_allowed": False,
    "hush_front": False,
    "standby_allowed": False,
    "bookmark_label": "bookmark",
    "reserve_mib": 32,
    "queue_s": 10,
    "time_root": "",
    "time_policy": "",
    "alert_alarm": True,
    "alert_holster": True,
    "alert_fall": False,
    "alert_man_down": False,
    "fall_drop_mg": 600,
    "fall_impact_mg": 2500,
    "man_down_tilt_deg": 60,
    "man_down_s": 30,
}

# What the product promises of a limit, apart from the code's own table: (key, smallest, largest).
LIMITS = [
    ("pre_event_s", 0, 120),
    ("post_event_s", 0, 120),
    ("segment_s", 2, 60),
    ("remind_s", 30, 600),
    ("max_length_min", 1, 720),
    ("keep_after_receipt_h", 0, 720),
    ("reserve_mib", 32, 4096),
    ("queue_s", 10, 60),
    ("fall_drop_mg", 200, 900),
    ("fall_impact_mg", 1500, 8000),
    ("man_down_tilt_deg", 30, 85),
    ("man_down_s", 5, 300),
]


def problems(*layers: tuple[str, dict[str, Any]]) -> list[str]:
    """What ``load`` has against these layers."""
    with pytest.raises(SettingsError) as refused:
        load(*layers)
    return [str(problem) for problem in refused.value.problems]


def test_defaults_are_the_promised_ones() -> None:
    """Nothing set: the documented defaults, and the pre-event buffer makes no sound recording."""
    settings = load()
    assert {key: getattr(settings, key) for key in KEYS} == DEFAULT_VALUES
    assert set(settings.sources.values()) == {DEFAULTS}
    assert settings == Settings()


def test_higher_layer_wins_and_is_named() -> None:
    """The authority overrides the board, the board the defaults, and each value says whose it is."""
    settings = load((BOARD, {"fps": 25, "segment_s": 20}), (SIGNED, {"segment_s": 5}))
    assert (settings.fps, settings.segment_s, settings.width) == (25, 5, 1280)
    assert (settings.sources["fps"], settings.sources["segment_s"], settings.sources["width"]) == (
        BOARD,
        SIGNED,
        DEFAULTS,
    )


def test_all_problems_at_once() -> None:
    """Every problem of every layer is told, each with its layer and key."""
    assert problems(
        (BOARD, {"pre_evnt_s": 30, "fps": "25", "zzz": 1}),
        (SIGNED, {"segment_s": 61, "confirm_stop": 1, "bookmark_label": ""}),
    ) == [
        "board file: pre_evnt_s: unknown setting; did you mean pre_event_s?",
        "board file: fps: expected a whole number from 5 to 60 frames/s, not '25'",
        "board file: zzz: unknown setting",
        "authority's settings: segment_s: expected a whole number from 2 to 60 s, not 61",
        "authority's settings: confirm_stop: expected true or false, not 1",
        "authority's settings: bookmark_label: expected 1 to 64 printable characters, not ''",
    ]


def test_overridden_problem_is_still_told() -> None:
    """A wrong value in the board file is a problem even where the authority overrides it."""
    assert len(problems((BOARD, {"fps": 0}), (SIGNED, {"fps": 30}))) == 1


def test_error_reads_as_a_list() -> None:
    """The exception's text names each problem on a line of its own."""
    with pytest.raises(SettingsError, match=r"(?s)cannot be used:\n  a: fps: .*\n  b: width: ") as refused:
        load(("a", {"fps": None}), ("b", {"width": 1281}))
    assert [problem.key for problem in refused.value.problems] == ["fps", "width"]


@pytest.mark.parametrize(("key", "least", "most"), LIMITS)
def test_limits(key: str, least: int, most: int) -> None:
    """Both ends of a range are allowed, one beyond is not."""
    assert getattr(load((BOARD, {key: least})), key) == least
    assert getattr(load((BOARD, {key: most})), key) == most
    assert len(problems((BOARD, {key: least - 1}))) == 1
    assert len(problems((BOARD, {key: most + 1}))) == 1


def test_reminders_may_be_off_but_not_frequent() -> None:
    """0 is none; what lies between is refused, and the message says both."""
    assert load((BOARD, {"remind_s": 0})).remind_s == 0
    for value in (-1, 1, 29, 601):
        assert "from 30 to 600 s, or 0 for never, not" in problems((BOARD, {"remind_s": value}))[0]


@pytest.mark.parametrize("value", ["A" * 65, "1.2 3", "1.2\n", "é", "a-b", None, 7])
def test_what_is_encoded_holds_nothing_else(value: object) -> None:
    """Neither space nor any other letter; at most so long."""
    assert load((BOARD, {"time_policy": "A" * 64})).time_policy == "A" * 64
    assert "an object identifier" in problems((BOARD, {"time_policy": value}))[0]


@pytest.mark.parametrize("key", [key for key, (rule, _) in KEYS.items() if isinstance(rule, Whole)])
@pytest.mark.parametrize("value", [True, 30.0, "30", None, [30]])
def test_only_whole_numbers_are_numbers(key: str, value: object) -> None:
    """A switch, a fraction, text, nothing or a list is no number."""
    assert len(problems((BOARD, {key: value}))) == 1


@pytest.mark.parametrize("value", ["", "triple", "Single", "single ", True, None, 1, ["single"]])
def test_a_choice_is_one_of_its_words(value: object) -> None:
    """To the letter; the message names them."""
    for word in ("single", "double"):
        assert load((BOARD, {"start_press": word})).start_press == word
    assert "expected one of single, double, not" in problems((BOARD, {"start_press": value}))[0]


@pytest.mark.parametrize("label", ["", "x" * 65, "two\nlines", "bell\x07", 7, None])
def test_labels_are_one_printable_line(label: object) -> None:
    """A label neither breaks a line nor hides anything."""
    assert len(problems((BOARD, {"bookmark_label": label}))) == 1


def test_wrong_value_is_not_repeated_at_length() -> None:
    """A message stays short whatever was in the file."""
    assert len(problems((BOARD, {"fps": "9" * 10_000}))[0]) < 150


def test_construction_in_code_is_checked_too() -> None:
    """There is no way to a settings value that breaks a rule."""
    with pytest.raises(SettingsError, match=f"{CODE}: width"):
        Settings(width=1279)


def test_frozen() -> None:
    """Nothing changes a setting once it is loaded."""
    with pytest.raises(FrozenInstanceError):
        load().fps = 5  # type: ignore[misc]  # the point


def test_describe_has_a_row_for_each_setting() -> None:
    """A human sees value with unit, source and meaning of each."""
    rows = {row.key: row for row in load((BOARD, {"pre_event_s": 60})).describe()}
    assert list(rows) == list(DEFAULT_VALUES)
    assert rows["pre_event_s"][:3] == ("pre_event_s", "60 s", BOARD)
    assert rows["confirm_stop"][1:3] == ("true", DEFAULTS)
    assert rows["bookmark_label"].value == "bookmark"
    assert all(row.meaning for row in rows.values())


def test_describe_of_settings_made_in_code() -> None:
    """Without layers the source is the defaults."""
    assert {row.source for row in Settings().describe()} == {DEFAULTS}


def _valid(rule: object) -> st.SearchStrategy[object]:
    match rule:
        case Whole(least=least, most=most, step=step, off=off):
            inside = st.integers(least // step, most // step).map(lambda number: number * step)
            return inside | st.just(0) if off else inside
        case Text():
            return st.text(st.characters(categories=["L", "N", "P"]), min_size=rule.least, max_size=rule.most)
        case Choice():
            return st.sampled_from(rule.words)
        case Several():
            return st.sampled_from(["time", "shift,time", "device,time", "device,shift,time"])
        case Coded():
            return st.from_regex(rf"[A-Za-z0-9+/=.]{{0,{rule.most}}}", fullmatch=True)
        case _:
            return st.booleans()


VALID = st.fixed_dictionaries({}, optional={key: _valid(rule) for key, (rule, _) in KEYS.items()})


def _expected(*layers: dict[str, object]) -> dict[str, Any]:
    """What layers that obey the rules come to, by a rule of its own for the picture."""
    chosen: dict[str, Any] = DEFAULT_VALUES.copy()
    for layer in layers:
        chosen |= layer
    return {**chosen, **PROFILES.get(chosen["profile"], {})}


def _memory(chosen: dict[str, Any]) -> int:
    """Bytes: every second of the buffer, two more, and twice the queue, all at twice the rate."""
    return int((chosen["pre_event_s"] + 2 + 2 * chosen["queue_s"]) * chosen["bitrate"] / 8 * 2)


@given(VALID, VALID)
@pytest.mark.no_cover
def test_valid_layers_load_where_there_is_memory_for_them(board: dict[str, object], signed: dict[str, object]) -> None:
    """Whatever obeys the rules loads, each value is that of the strongest layer that has it, and what is too big together is refused."""
    expected = _expected(board, signed)
    if _memory(expected) > 160 * 1024 * 1024:
        assert any("pre_event_s, queue_s, bitrate" in problem for problem in problems((BOARD, board), (SIGNED, signed)))
        return
    settings = load((BOARD, board), (SIGNED, signed))
    assert {key: getattr(settings, key) for key in KEYS} == expected


def test_what_takes_too_much_memory_is_refused_by_the_names_of_what_asks_for_it() -> None:
    """Two minutes at 40 Mbit/s are 1.2 GB, on a board of 512 MB.  Each value is allowed by itself."""
    (problem,) = problems((SIGNED, {"pre_event_s": 120, "bitrate": 40_000_000}))
    assert problem == (
        "authority's settings: pre_event_s, queue_s, bitrate: buffer and queues would take 1354 MiB of memory, and 160 may be spent"
    )
    assert load((SIGNED, {"pre_event_s": 120})).pre_event_s == 120
    assert load((SIGNED, {"pre_event_s": 0, "bitrate": 30_000_000})).bitrate == 30_000_000
    with pytest.raises(SettingsError, match=f"{CODE}: pre_event_s, queue_s, bitrate"):
        Settings(pre_event_s=120, bitrate=40_000_000)


def test_memory_is_judged_over_all_layers() -> None:
    """Neither layer asks for too much; together they do, and the message has both names."""
    (problem,) = problems((BOARD, {"bitrate": 10_000_000}), (SIGNED, {"pre_event_s": 120}))
    assert problem.startswith(f"{SIGNED} and {BOARD}: ")


def test_a_named_profile_decides_the_picture() -> None:
    """Whatever the four settings say by themselves: they stay in the document, and count again once the profile is custom."""
    chosen = load((BOARD, {"width": 640, "fps": 10}), (SIGNED, {"profile": "1080p", "bitrate": 1_000_000}))
    assert (chosen.width, chosen.height, chosen.fps, chosen.bitrate) == (1920, 1080, 30, 8_000_000)
    assert {chosen.sources[key] for key in ("width", "height", "fps", "bitrate")} == {"profile 1080p"}
    assert chosen.sources["profile"] == SIGNED
    again = load((BOARD, {"width": 640, "fps": 10}), (SIGNED, {"profile": "custom"}))
    assert (again.width, again.height, again.fps, again.bitrate) == (640, 720, 10, 4_000_000)


def test_the_default_picture_is_that_of_720p() -> None:
    """Settings from before there were profiles mean what they meant."""
    for key, value in PROFILES["720p"].items():
        assert getattr(Settings(), key) == value


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_room_for_the_default_buffer(profile: str) -> None:
    """And obeys the rules of what it sets."""
    chosen = load((SIGNED, {"profile": profile}))
    assert all(KEYS[key][0].accepts(getattr(chosen, key)) for key in PROFILES[profile])


def test_no_code_can_say_two_things_about_the_picture() -> None:
    """A profile that is named has its own values, or it is no settings value."""
    with pytest.raises(SettingsError, match=f"{CODE}: profile: 1080p has another width, height, fps, bitrate"):
        Settings(profile="1080p")


@pytest.mark.parametrize("fields", ["time", "shift,time", "device,shift,time"])
def test_what_is_burnt_in(fields: str) -> None:
    """By its words."""
    assert load((SIGNED, {"overlay_fields": fields})).burnt_in == set(fields.split(","))


@pytest.mark.parametrize("fields", ["", "device", "time,device", "time,time", "time,", "device, time", "gps,time", 7])
def test_a_picture_without_its_time_is_refused(fields: object) -> None:
    """It would be worth less to a court, and saves nothing; one spelling for each choice."""
    (problem,) = problems((SIGNED, {"overlay_fields": fields}))
    assert "some of device, shift, time, in this order, with commas between, always with time" in problem


@given(
    st.dictionaries(st.text(max_size=20), st.none() | st.booleans() | st.integers() | st.text(max_size=80), max_size=8)
)
def test_anything_else_is_a_settings_error(values: dict[str, object]) -> None:
    """Whatever a file holds, the answer is settings or SettingsError with one problem for each bad key."""
    bad = [key for key, value in values.items() if key not in KEYS or not KEYS[key][0].accepts(value)]
    if bad:
        with pytest.raises(SettingsError) as refused:
            load((BOARD, values))
        assert [problem.key for problem in refused.value.problems] == bad
    else:
        load((BOARD, values))
