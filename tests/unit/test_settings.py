"""The settings: every limit, every layer, all problems at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.settings import CODE, DEFAULTS, KEYS, Choice, Coded, Settings, SettingsError, Text, Whole, load

BOARD = "board file"
SIGNED = "authority's settings"

DEFAULT_VALUES = {
    "pre_event_s": 30,
    "pre_event_sound": False,
    "post_event_s": 0,
    "segment_s": 10,
    "start_press": "single",
    "confirm_stop": True,
    "hold_s": 3,
    "keep_after_receipt_h": 24,
    "width": 1280,
    "height": 720,
    "fps": 30,
    "bitrate": 4_000_000,
    "mute_allowed": False,
    "hush_allowed": False,
    "hush_front": False,
    "standby_allowed": False,
    "bookmark_label": "bookmark",
    "reserve_mib": 32,
    "queue_s": 10,
    "time_root": "",
    "time_policy": "",
}

# What the product promises of a limit, apart from the code's own table: (key, smallest, largest).
LIMITS = [
    ("pre_event_s", 0, 120),
    ("post_event_s", 0, 120),
    ("segment_s", 2, 60),
    ("keep_after_receipt_h", 0, 720),
    ("reserve_mib", 32, 4096),
    ("queue_s", 10, 60),
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
        case Whole(least=least, most=most, step=step):
            return st.integers(least // step, most // step).map(lambda number: number * step)
        case Text():
            return st.text(st.characters(categories=["L", "N", "P"]), min_size=rule.least, max_size=rule.most)
        case Choice():
            return st.sampled_from(rule.words)
        case Coded():
            return st.from_regex(rf"[A-Za-z0-9+/=.]{{0,{rule.most}}}", fullmatch=True)
        case _:
            return st.booleans()


VALID = st.fixed_dictionaries({}, optional={key: _valid(rule) for key, (rule, _) in KEYS.items()})


@given(VALID, VALID)
def test_valid_layers_always_load(board: dict[str, object], signed: dict[str, object]) -> None:
    """Whatever obeys the rules loads, and each value is that of the strongest layer that has it."""
    settings = load((BOARD, board), (SIGNED, signed))
    assert {key: getattr(settings, key) for key in KEYS} == DEFAULT_VALUES | board | signed


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
