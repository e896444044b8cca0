"""The ``lapel`` command itself: help that is quick, and only what is wanted is loaded."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tools.__main__ import COMMANDS, main

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_the_same_in_both_places(command: str) -> None:
    """The summary in ``lapel --help`` is the command's own, and whatever is parsed can be run."""
    subparsers = argparse.ArgumentParser().add_subparsers()
    import_module(f"tools.{command}.cli").add_parser(subparsers)
    (choice,) = subparsers._choices_actions
    assert (choice.dest, choice.help) == (command, COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It begins with how it is used."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: lapel {command}")


def test_help_loads_nothing_heavy() -> None:
    """Whoever asks for help does not wait for a video library."""
    program = "import sys, tools.__main__ as lapel\ntry:\n    lapel.main(['--help'])\nexcept SystemExit:\n    pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"av", "numpy", "cryptography", "rich"} & set(done.stdout.split())
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["fly"], ["--fly"], ["demo", "--fly"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and how it is used."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: lapel" in capsys.readouterr().err


def test_an_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C is told in a word, with the status that shells expect."""

    def interrupted(_arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.demo.cli.run", interrupted)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_interruption_while_the_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries take a moment to load; ctrl-C then is no mistake of the program either."""

    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.__main__.import_module", interrupted)
    try:
        status = main(["demo"])
    except KeyboardInterrupt:
        pytest.fail("ctrl-C was not caught")
    assert status == 130
