"""``lapel dock plan``: how long a shift's return takes, and what to buy if that is too long."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tools.dock.planning.measured import Compared, Found, MeasuredError, Run, calibrate, forecast, read_run
from tools.dock.planning.plan import MOST_CAMERAS, MOST_SLOTS, Scenario, as_json, plan
from tools.dock.planning.plan_text import BLOCKS, in_text
from tools.dock.planning.rates import in_rate, parse_rate

WELL, NOT_WELL = 0, 1

LINKS: Mapping[str, float] = {"network": 20e6, "serial": 2.5e6, "uart": 0.28e6}
"""What a Zero 2 W's USB network gadget carries with TLS on it; a USB serial gadget; a UART of 3 000 000 baud."""

PLAN = """\
Say when the last camera of a shift is ready: charged, and empty, since every byte that it recorded is over in the
store; what it waits for until then; and what one more link, dock computer or charger would bring.

A camera takes the first free slot, fills the slowest of what its bytes pass through, and shares what others use too:

  card -> link -> hub of a few slots -> network and disk of the dock computer -> network of the site

Rates are of what arrives, not of what a label says, and need a unit (MB/s, GB/s, kbit/s, Mbit/s, Gbit/s); `none` is no
limit.  Best measured: --measured takes what `lapel dock serve --json` printed, and says how far the forecast is off.
"""
EXAMPLES = """\
example 1: a prison of 123 cameras, an hour recorded on each; they come back within a quarter of an hour

  lapel dock plan

  Four dock computers give every camera a slot.  Each is empty two minutes after it was put in, the last one 17 min
  after the first came back: no link, hub, disk or network is worth a penny.  Charging from 30 to 90 percent takes
  three hours, and the last one is ready after 3 h 15 min; twice the charger takes half of that off.

example 2: the same prison after a disturbance: six hours on each camera, one dock computer, slots with a UART on pogo pins

  lapel dock plan --docks 1 --hours 6 --link uart
  lapel dock plan --docks 1 --hours 6

  At 0.28 MB/s a camera needs twelve hours, most wait for a slot, and the last one is ready after two days.  Over
  the USB network it takes 12 h 03 min, and slots are what is short: while a camera charges, nobody else has its slot.
  One more dock computer brings 5 h 57 min, twice the charger 6 h, one more link nothing.
"""


def add_plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``dock plan``."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "plan", help="when is the last camera of a shift ready", description=PLAN, epilog=EXAMPLES, formatter_class=raw
    )
    usual = Scenario()
    cameras = parser.add_argument_group("the shift")
    cameras.add_argument(
        "--cameras", type=_whole(MOST_CAMERAS), default=usual.cameras, metavar="N", help="that come back [%(default)s]"
    )
    cameras.add_argument(
        "--hours", type=_number(0, 48), default=usual.hours, metavar="H", help="recorded on each [%(default)s]"
    )
    cameras.add_argument(
        "--bitrate", type=_rate, default=usual.bitrate / 8, metavar="RATE", help="of the recordings [4Mbit/s]"
    )
    cameras.add_argument(
        "--spread",
        type=_number(0, 1440),
        default=usual.spread_min,
        metavar="MIN",
        help="minutes within which they come back [%(default)s]",
    )
    rack = parser.add_argument_group("the rack")
    rack.add_argument(
        "--slots", type=_whole(MOST_SLOTS), default=usual.slots, metavar="N", help="of each dock computer [%(default)s]"
    )
    rack.add_argument(
        "--docks", type=_whole(100), metavar="N", help="dock computers [as many as give each camera a slot]"
    )
    rack.add_argument(
        "--link",
        type=_link,
        default=usual.link,
        metavar="LINK",
        help="network (20MB/s), serial (2.5MB/s), uart (0.28MB/s), or a rate [network]",
    )
    rack.add_argument(
        "--links", type=_whole(4), default=usual.links, metavar="N", help="of these from each camera [%(default)s]"
    )
    rack.add_argument(
        "--card", type=_rate, default=usual.card, metavar="RATE", help="what a camera reads from its card [23MB/s]"
    )
    rack.add_argument(
        "--hub", type=_limit, default=usual.hub, metavar="RATE", help="what a hub or bus carries [35MB/s]"
    )
    rack.add_argument(
        "--hub-slots",
        type=_whole(MOST_SLOTS),
        default=usual.hub_slots,
        metavar="N",
        help="slots on one hub [%(default)s]",
    )
    rack.add_argument(
        "--network", type=_limit, default=usual.network, metavar="RATE", help="of each dock computer [110MB/s]"
    )
    rack.add_argument(
        "--disk", type=_limit, default=usual.disk, metavar="RATE", help="of each dock computer, writing [200MB/s]"
    )
    rack.add_argument(
        "--site", type=_limit, default=usual.site, metavar="RATE", help="that all dock computers share [none]"
    )
    rack.add_argument(
        "--setup",
        type=_number(0, 3600),
        default=usual.setup_s,
        metavar="S",
        help="seconds a camera beside its bytes [%(default)s]",
    )
    rack.add_argument(
        "--swap",
        type=_number(0, 1440),
        default=usual.swap_s / 60,
        metavar="MIN",
        help="minutes until a ready camera's slot holds the next [%(default)s]",
    )
    charge = parser.add_argument_group("the charge")
    charge.add_argument(
        "--charge-hours",
        type=_number(0, 48),
        default=usual.charge_h,
        metavar="H",
        help="from 0 to 100 percent [%(default)s]",
    )
    charge.add_argument(
        "--battery",
        type=_number(0, 100),
        default=usual.battery,
        metavar="PERCENT",
        help="of a camera that comes back [%(default)s]",
    )
    charge.add_argument(
        "--charged", type=_number(0, 100), default=usual.charged, metavar="PERCENT", help="that is enough [%(default)s]"
    )
    parser.add_argument(
        "--measured",
        type=Path,
        action="append",
        metavar="FILE",
        help="an event log of `lapel dock serve --json`: the first gives link, shared rate and setup, each is compared with the forecast",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run_plan)


def run_plan(options: argparse.Namespace) -> int:
    """Print the plan; 1 where a measured log cannot be used."""
    scenario = _scenario(options)
    found: Found | None = None
    held: list[tuple[Path, Run, Compared]] = []
    try:
        runs = [(path, read_run(path)) for path in options.measured or ()]
        if runs:
            found = calibrate(runs[0][1])
            held = [(path, run, forecast(found, run)) for path, run in runs]
    except MeasuredError as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    if found:
        rates = {"link": found.link, "links": 1, "card": found.link, "hub": None, "network": None, "disk": found.shared}
        scenario = replace(scenario, setup_s=found.setup_s, **rates)  # type: ignore[arg-type]  # each has its own type
    answer = plan(scenario)
    if options.json:
        print(json.dumps(as_json(answer) | ({"measured": [_as_json(*each) for each in held]} if held else {})))
        return WELL
    print(in_text(answer, blocks=_has_blocks(sys.stdout.encoding)))
    if found:
        shared = "no limit seen" if found.shared is None else f"{in_rate(found.shared)} shared by all"
        print(f"\nmeasured: {in_rate(found.link)} a camera, {shared}, {found.setup_s:.1f} s beside the bytes")
    for path, run, then in held:
        print(
            f"  {path.name}: {len(run.visits)} cameras, the last empty after {then.measured_s:.1f} s, forecast"
            f" {then.forecast_s:.1f} s; mean error of a camera {then.mean_error:.1%}"
        )
    return WELL


def _as_json(path: Path, run: Run, then: Compared) -> dict[str, object]:
    return {
        "file": path.name,
        "cameras": len(run.visits),
        "measured_s": round(then.measured_s, 1),
        "forecast_s": round(then.forecast_s, 1),
        "mean_error": round(then.mean_error, 4),
    }


def _scenario(options: argparse.Namespace) -> Scenario:
    return Scenario(
        cameras=options.cameras,
        slots=options.slots,
        docks=options.docks,
        hours=options.hours,
        bitrate=options.bitrate * 8,
        spread_min=options.spread,
        card=options.card,
        link=options.link,
        links=options.links,
        hub=options.hub,
        hub_slots=min(options.hub_slots, options.slots),
        network=options.network,
        disk=options.disk,
        site=options.site,
        charge_h=options.charge_hours,
        battery=options.battery,
        charged=options.charged,
        setup_s=options.setup,
        swap_s=options.swap * 60,
    )


def _whole(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return parse


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
        return value

    return parse


def _rate(text: str) -> float:
    try:
        return parse_rate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(text: str) -> float | None:
    return None if text == "none" else _rate(text)


def _link(text: str) -> float:
    return LINKS[text] if text in LINKS else _rate(text)


def _has_blocks(encoding: str | None) -> bool:
    try:
        BLOCKS.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
