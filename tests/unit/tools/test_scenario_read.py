"""A scenario file says what it means, or it is refused with file, step and key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.scenario.read import FOLDER, LONGEST_FILE, ScenarioError, find, read, read_all
from tools.scenario.steps import ACTIONS, CONDITIONS, HAPPENINGS, RECORDING
from tools.scenario.steps import HEAD as MEMBERS

HEAD = b'title = "T"\nwords = "W"\nabout_s = 10\n'
SAY = b'[[steps]]\nsay = "x"\n'


def step(text: str, head: bytes = HEAD) -> Any:
    """The only step of a scenario."""
    (found,) = read(head + b"[[steps]]\n" + text.encode(), "x").steps
    return found


def test_everything_that_a_file_may_say() -> None:
    """Each member is found where it belongs, and what is left out has its value."""
    scenario = read(
        b'title = "T"\nwords = "W"\nabout_s = 10\ncameras = 2\n[settings]\nhush_allowed = true\nremind_s = 30\n'
        b'[[steps]]\ncamera = "cam-2"\npress = "record"\nbounces = 3\n'
        b'[[steps]]\nwait = { light = "recording", ring_s = 2.5 }\n'
        b'[[steps]]\nfault = "video"\nkind = "stall"\nwith = { seconds = 3 }\n'
        b'[[recordings]]\nverdict = "whole"\nsays = ["a"]\n',
        "story-1",
    )
    assert (scenario.name, scenario.title, scenario.cameras, scenario.about_s) == ("story-1", "T", 2, 10)
    assert scenario.settings == {"hush_allowed": True, "remind_s": 30}
    press, wait, fault = scenario.steps
    assert (press.number, press.action, press.camera) == (1, "press", "cam-2")
    assert press.given == {"press": "record", "ms": 80, "bounces": 3}
    assert (wait.camera, wait.given) == ("cam-1", {"wait": {"light": "recording", "ring_s": 2.5}, "within": 10})
    assert fault.given == {"fault": "video", "kind": "stall", "with": {"seconds": 3}}
    assert scenario.recordings == (
        {"camera": "cam-1", "verdict": "whole", "least_s": 0, "most_s": 86_400, "marked": None, "says": ["a"]},
    )
    assert press.words == "cam-2: press record (ms 80, bounces 3)"
    assert wait.words == "cam-1: wait light recording, ring_s 2.5 (within 10)"
    assert scenario.json() == {"name": "story-1", "title": "T", "words": "W", "about_s": 10, "cameras": 2, "steps": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "title is missing: a text of 1 to 80"),
        (HEAD, "steps: there is none"),
        (b"\xff", "not TOML"),
        (b"a = [" * 2000, "not TOML"),
        (HEAD + b"title = 1\n", "not TOML"),
        (b'title = " "\nwords = "W"\nabout_s = 1\n' + SAY, "title: has to be a text"),
        (b'title = "T"\nwords = "W"\nabout_s = 0\n' + SAY, "about_s: has to be a whole number from 1 to 3600"),
        (b'title = "T"\nwords = "W"\nabout_s = true\n' + SAY, "about_s: has to be a whole number"),
        (HEAD + b"cameras = 9\n" + SAY, "cameras: has to be a whole number from 1 to 8"),
        (HEAD + b"colour = 1\n" + SAY, "'colour' is unknown here; known: title, words, cameras, about_s"),
        (HEAD + b"steps = 3\n", "steps: has to be a list of tables"),
        (HEAD + b"steps = [3]\n", "steps: has to be a list of tables"),
        (HEAD + SAY * 201, "steps: more than 200"),
        (HEAD + b"settings = 3\n" + SAY, "settings: has to be a table"),
        (HEAD + SAY + b"[settings]\nA = 1\n", "settings: 'A' is no setting's name"),
        (HEAD + SAY + b"[settings]\na = 1.5\n", "settings: a: has to be a whole number, a text, true or false"),
        (HEAD + SAY + b"[settings]\na = 0x" + b"f" * 9000 + b"\n", "settings: a: has to be"),
        (HEAD + SAY + b"[[recordings]]\n", "recording 1: verdict is missing"),
        (HEAD + SAY + b'[[recordings]]\nverdict = "whole"\ncamera = "cam-2"\n', "recording 1: camera: has to be one of cam-1"),
        (HEAD + SAY + b'[[recordings]]\nverdict = "whole"\nsays = [1]\n', "recording 1: says: has to be a list of texts"),
        (HEAD + SAY + b'[[recordings]]\nverdict = "whole"\nmarked = 1\n', "recording 1: marked: has to be true or false"),
        (HEAD + b"#" * LONGEST_FILE, "it has more than 65536 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_scenario(text: bytes, said: str) -> None:
    """Named with its key."""
    with pytest.raises(ScenarioError) as caught:
        read(text, "x")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has to have one of say, pause, press"),
        ('say = "a"\npress = "record"', "not say and press at once"),
        ("jump = 1", "there is none"),
        ('say = "a"\nloud = true', "'loud' is unknown here; known: say"),
        ('say = ""', "say: has to be a text of 1 to 1000"),
        ('say = "a\\u0007"', "say: has to be a text"),
        ('press = "stop"', "press: has to be one of record, function"),
        ('press = ["record"]', "press: has to be one of record, function"),
        ('press = "record"\nms = 0', "ms: has to be a whole number from 1 to 2500"),
        ('press = "record"\nbounces = 51', "bounces: has to be a whole number from 0 to 50"),
        ('hold = "record"\nseconds = nan', "seconds: has to be a number"),
        ('hold = "record"\nseconds = inf', "seconds: has to be a number"),
        ("pause = -1", "pause: has to be a number from 0 to 600"),
        ("pause = true", "pause: has to be a number"),
        ("pause = 1979-05-27", "pause: has to be a number"),
        ("pause = 0x" + "f" * 400, "pause: has to be a number"),
        ('slide = "battery"', "to is missing: a number"),
        ('switch = "lens-covered"', "on is missing: true or false"),
        ("battery = true", "battery: has to be one of in, out"),
        ('dock = "in"', "dock: has to be true or false"),
        ('fault = "video"', "kind is missing"),
        ('fault = "video"\nkind = "stall"\nwith = { do = "quit" }', "with: has to be a table of numbers, texts and flags"),
        ('fault = "video"\nkind = "stall"\nwith = { a = [1] }', "with: has to be a table of numbers"),
        ("wait = {}", "wait: has to be a table of conditions"),
        ('wait = { mood = "good" }', "wait: 'mood' is unknown here; known: light, front, recording"),
        ("wait = { front = true }", "wait: front: has to be one of on, off"),
        ("wait = { light = 1 }", "wait: light: has to be a text"),
        ('wait = { light = "ready" }\nwithin = 601', "within: has to be a number from 0 to 600"),
        ('say = "a"\ncamera = "cam-2"', "camera: has to be one of cam-1"),
        ('say = "a"\ncamera = 1', "camera: has to be one of cam-1"),
        ('say = "a"\ncamera = "cam-1\\n"', "camera: has to be one of cam-1"),
    ],
)  # fmt: skip
def test_what_is_no_step(text: str, said: str) -> None:
    """Named with its number and its key."""
    with pytest.raises(ScenarioError) as caught:
        step(text)
    assert str(caught.value).startswith("step 1: ")
    assert said in str(caught.value)


def test_every_action_and_condition_has_words() -> None:
    """Each row of the tables can be written down, read, and said."""
    good: dict[str, str] = {"say": '"a"', "pause": "1", "strike": '"fall"', "slide": '"battery"\nto = 1', "switch": '"x"\non = true',
            "fault": '"video"\nkind = "end"', "dock": "true", "battery": '"in"', "assign": '"Jo"', "wait": "{ power = 'on' }"}  # fmt: skip
    for action in ACTIONS:
        found = step(f"{action} = {good.get(action, chr(34) + 'record' + chr(34))}")
        assert found.action == action
        assert action in found.words
    for condition, rule in CONDITIONS.items():
        value = next(each for each in ("on", "ready", True, 1.5) if rule.good(each))
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        assert step(f"wait = {{ {condition} = {shown} }}").given["wait"] == {condition: value}
    assert set(HAPPENINGS) <= set(CONDITIONS)


def test_files_and_folders(tmp_path: Path) -> None:
    """Those that are none are named with their files, and keep no other from being played."""
    (tmp_path / "good.toml").write_bytes(HEAD + SAY)
    (tmp_path / "bad.toml").write_bytes(HEAD + b"[[steps]]\nsay = 3\n")
    (tmp_path / "Bad Name.toml").write_bytes(HEAD + SAY)
    (tmp_path / "folder.toml").mkdir()
    found, problems = read_all(tmp_path)
    assert [each.name for each in found] == ["good"]
    assert len(problems) == 3
    assert f"{tmp_path / 'bad.toml'}: step 1: say: has to be a text of 1 to 1000 printable characters" in problems
    assert find("good", tmp_path).title == find(str(tmp_path / "good.toml")).title == "T"
    for name in ("missing", "../good", "Good", ""):
        with pytest.raises(ScenarioError, match="known: bad, folder, good|known: Bad Name, bad, folder, good"):
            find(name, tmp_path)
    with pytest.raises(ScenarioError, match="No such file"):
        find(str(tmp_path / "missing.toml"))


def test_ours_are_good() -> None:
    """Every file of the folder is a scenario, and the four that are promised are there."""
    found, problems = read_all()
    assert problems == []
    assert {"cell-door", "alarm-response", "dead-battery", "shift-change"} <= {each.name for each in found}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.dictionaries(st.sampled_from([*ACTIONS, *CONDITIONS, "camera"]), st.sampled_from(["1", "true", '"record"', "{}", "[]", "1e99", '"cam-1"', "{ light = 1 }"]), max_size=4).map(lambda step: HEAD + b"[[steps]]\n" + "".join(f"{key} = {value}\n" for key, value in step.items()).encode()))  # fmt: skip
def test_no_file_does_more_than_be_refused(data: bytes) -> None:
    """Whatever stands in it, it is a scenario or an error of ours."""
    try:
        scenario = read(data, "x")
    except ScenarioError:
        return
    assert tomllib.loads(data.decode())["title"] == scenario.title


def test_page_of_the_format_knows_every_word() -> None:
    """``docs/simulator.md`` has a row for each step and condition, and says every member."""
    page = (FOLDER.parent / "docs" / "simulator.md").read_text(encoding="utf-8")
    for rules in (*ACTIONS.values(), CONDITIONS, RECORDING):
        for name in rules:
            assert f"`{name}`" in page, name
    for name in MEMBERS:
        assert f"\n{name} = " in page, name
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert [each.action for each in read(example.encode(), "example").steps] == ["say", "press", "wait"]
