"""What an authority wants of hands, seen on the page: two presses to start, and a recording that runs on after its stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.held import HAND_MS, Held
from tests.oracles import needs
from tools.panel.panel import Panel
from tools.words.en import ENGLISH

pytestmark = needs("chromium")
SETTINGS = {"pre_event_s": 2, "hold_s": 1, "start_press": "double", "post_event_s": 3}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A camera with these settings."""
    with Panel(tmp_path_factory.mktemp("panel"), replay=True, settings=SETTINGS) as running:
        yield running


def test_two_presses_start_and_the_stop_runs_on(held: Held) -> None:
    """One press is only heard.  Two record.  After the confirmed stop it still shows as recording for the post-event time, and the page
    says that it runs on; only then is it felt to have stopped."""
    held.press()
    held.felt("heard")
    held.says("ready")
    held.page.wait_for_timeout(1000)  # longer than what makes two presses one double press
    held.twice("started")
    held.hold("stop-asked")
    held.page.wait_for_timeout(HAND_MS)
    held.press()
    held.felt("run-on")
    held.page.locator('#facts [data-key="Recording"]').filter(has_text="running on after the stop").wait_for()
    assert held.page.locator("#words").inner_text() == ENGLISH["look.recording"]
    held.felt("stopped")
    cues = [each["cue"] for each in held.all_seen]
    assert cues.index(ENGLISH["cue.run-on"]) < cues.index(ENGLISH["cue.stopped"])
    held.says("ready")
