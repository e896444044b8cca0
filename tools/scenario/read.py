"""From a TOML file to a ``Scenario``: strict, bounded, and whatever is wrong is named with its file, its step and its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools.scenario.steps import ACTIONS, CONDITIONS, HEAD, LONGEST_TEXT, RECORDING, Scenario, Step
from tools.sim.rules import Rule

FOLDER: Final = Path(__file__).parents[2] / "scenarios"
LONGEST_FILE: Final = 65_536
MOST_STEPS: Final = 200
MOST_RECORDINGS: Final = 50
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SETTING: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CAMERA: Final = re.compile(r"cam-([1-9])")
_PARTS: Final = ("settings", "steps", "recordings")


class ScenarioError(Exception):
    """The file is no scenario, or there is none of that name; the message names file, step and key."""


def find(name: str, folder: Path = FOLDER) -> Scenario:
    """A scenario by its name, or by the path of its file; ``ScenarioError``."""
    if name.endswith(".toml"):
        return read_file(Path(name))
    if not _NAME.fullmatch(name) or not (folder / f"{name}.toml").is_file():
        known = sorted(path.stem for path in folder.glob("*.toml"))
        raise ScenarioError(f"there is no scenario {name[:64]!r}; known: {', '.join(known) or 'none'}")
    return read_file(folder / f"{name}.toml")


def read_all(folder: Path = FOLDER) -> tuple[list[Scenario], list[str]]:
    """Every scenario of a folder by its name, and what is wrong with those that are none."""
    found: list[Scenario] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append(read_file(path))
        except ScenarioError as error:
            problems.append(str(error))
    return found, problems


def read_file(path: Path) -> Scenario:
    """One file; ``ScenarioError``."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    try:
        return read(data, path.stem)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None


def read(data: bytes, name: str) -> Scenario:
    """The content of a file that is called ``name``; ``ScenarioError`` without the file's name.

    At most 64 KiB, 200 steps and 50 recordings; cameras are called cam-1, cam-2, ... as far as the scenario has some.
    """
    if not _NAME.fullmatch(name):
        raise ScenarioError("a scenario's name is 1 to 64 of a-z 0-9 -")
    if len(data) > LONGEST_FILE:
        raise ScenarioError(f"it has more than {LONGEST_FILE} bytes")
    try:
        content = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of TOML, and of UTF-8
        raise ScenarioError(f"not TOML: {str(error) or 'nested too deeply'}"[:200]) from None
    head = {key: value for key, value in content.items() if key not in _PARTS}
    given = _checked(head, HEAD, "")
    cameras: int = given["cameras"]
    steps = _list(content, "steps", MOST_STEPS)
    if not steps:
        raise ScenarioError("steps: there is none")
    return Scenario(
        name=name,
        **given,
        settings=_settings(content.get("settings", {})),
        steps=tuple(_step(step, index, cameras) for index, step in enumerate(steps, 1)),
        recordings=tuple(
            _recording(each, index, cameras)
            for index, each in enumerate(_list(content, "recordings", MOST_RECORDINGS), 1)
        ),
    )


def _step(step: Mapping[str, Any], index: int, cameras: int) -> Step:
    where = f"step {index}: "
    actions = [key for key in step if key in ACTIONS]
    if len(actions) != 1:
        said = f"not {' and '.join(actions)} at once" if actions else "there is none"
        raise ScenarioError(f"{where}it has to have one of {', '.join(ACTIONS)}: {said}")
    action = actions[0]
    camera = step.get("camera", "cam-1")
    _check_camera(camera, cameras, where)
    given = _checked({key: value for key, value in step.items() if key != "camera"}, ACTIONS[action], where)
    if action == "wait":
        conditions: Mapping[str, object] = given["wait"]
        given["wait"] = _checked(conditions, CONDITIONS, f"{where}wait: ", all_of_them=False)
    return Step(index, action, camera, given)


def _recording(recording: Mapping[str, Any], index: int, cameras: int) -> Mapping[str, Any]:
    where = f"recording {index}: "
    given = _checked(recording, RECORDING, where)
    _check_camera(given["camera"], cameras, where)
    return given


def _checked(
    given: Mapping[str, Any], rules: Mapping[str, Rule], where: str, *, all_of_them: bool = True
) -> dict[str, Any]:
    """Every member, those that are left out too unless one of them is enough."""
    for key, value in given.items():
        if key not in rules:
            raise ScenarioError(f"{where}{key[:40]!r} is unknown here; known: {', '.join(rules)}")
        if not rules[key].good(value):
            raise ScenarioError(f"{where}{key}: has to be {rules[key].what}")
    if not all_of_them:
        return dict(given)
    for key, rule in rules.items():
        if key not in given and rule.default is ...:
            raise ScenarioError(f"{where}{key} is missing: {rule.what}")
    return {key: given.get(key, rule.default) for key, rule in rules.items()}


def _settings(given: object) -> Mapping[str, Any]:
    """Names and plain values; what they mean is the camera's business."""
    if not isinstance(given, dict):
        raise ScenarioError("settings: has to be a table")
    for key, value in given.items():
        if not _SETTING.fullmatch(key):
            raise ScenarioError(f"settings: {key[:40]!r} is no setting's name")
        small = isinstance(value, int) and abs(value) <= 1 << 53
        if not small and not (isinstance(value, str) and len(value) <= LONGEST_TEXT):
            raise ScenarioError(f"settings: {key}: has to be a whole number, a text, true or false")
    return given


def _list(content: Mapping[str, Any], key: str, most: int) -> list[dict[str, Any]]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ScenarioError(f"{key}: has to be a list of tables, [[{key}]]")
    if len(found) > most:
        raise ScenarioError(f"{key}: more than {most}")
    return found


def _check_camera(name: object, cameras: int, where: str) -> None:
    found = _CAMERA.fullmatch(name) if isinstance(name, str) else None
    if found is None or int(found[1]) > cameras:
        raise ScenarioError(
            f"{where}camera: has to be one of {', '.join(f'cam-{each}' for each in range(1, cameras + 1))}"
        )
