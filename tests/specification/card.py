"""The officer's card: one page to hang beside the rack, from the tables of lights, buzzes and gestures, in the words of one catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from html import escape
from typing import Final

from firmware.core.indications import BUZZES, LIGHTS, Look
from firmware.core.machine import Recording
from firmware.core.meanings import FUNCTION, RECORD, Deed, Means, Scene
from firmware.runtime.wishes import CONFIRM_NS
from firmware.settings import Settings
from hal.interface import Colour, Light, Lights
from tests.specification import device
from tools.words.cy import WELSH
from tools.words.en import ENGLISH

LANGUAGES: Final[Mapping[str, Mapping[str, str]]] = {"en": ENGLISH, "cy": WELSH}
GROUPS: Final[Mapping[str, tuple[Look, ...]]] = {
    "recording": (Look.RECORDING, Look.RECORDING_TROUBLE, Look.RECORDING_MUTED, Look.RECORDING_MUTED_TROUBLE),
    "not-recording": (
        Look.STARTING,
        Look.STARTING_TROUBLE,
        Look.READY,
        Look.WARNING,
        Look.STANDBY,
        Look.UNABLE,
    ),
    "in-dock": (Look.DOCKED, Look.OFFLOADING),
}
DARK: Final = Lights(Light(Colour.OFF), Light(Colour.OFF))
LIMITED: Final = frozenset({Means.HUSH, Means.MUTE, Means.STANDBY})
"""What needs the authority's leave."""
_NS: Final = 1_000_000_000
HANDS: Final[tuple[tuple[str, tuple[tuple[str, Means, Means], ...]], ...]] = (
    (
        "record",
        (
            ("press", RECORD[Recording.IDLE][Deed.PRESS], RECORD[Recording.RECORDING][Deed.SHORT]),
            ("hold", RECORD[Recording.IDLE][Deed.HOLD], RECORD[Recording.RECORDING][Deed.HOLD]),
        ),
    ),
    (
        "function",
        (
            ("press", FUNCTION[Scene.READY][Deed.SHORT], FUNCTION[Scene.RECORDING][Deed.SHORT]),
            ("hold", FUNCTION[Scene.READY][Deed.HOLD], FUNCTION[Scene.RECORDING][Deed.HOLD]),
            ("twice", FUNCTION[Scene.READY][Deed.TWICE], FUNCTION[Scene.RECORDING][Deed.TWICE]),
        ),
    ),
)
"""For each button what a hand does, and what that means while ready and while recording."""


def numbers() -> dict[str, str]:
    """The numbers that words leave room for: those of the default settings."""
    settings = Settings()
    return {
        "before": str(settings.pre_event_s),
        "hold": str(settings.hold_s),
        "confirm": str(CONFIRM_NS // _NS),
        "remind": f"{settings.remind_s / 60:g}",
    }


def told(language: str, key: str) -> str:
    """A text of the catalogue, with its numbers."""
    return LANGUAGES[language][key].format_map(numbers())


def page(language: str) -> str:
    """The card in one language."""
    say = partial(told, language)
    draft = say("card.draft")
    parts = [
        "<!doctype html>",
        f'<html lang="{language}">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{escape(say('card.title'))}</title>",
        f"<style>{_STYLE}{device.animations()}</style></head>",
        '<body><main class="sheet">',
        *([f'<p class="draft">{escape(draft)}</p>'] if draft else []),
        *_head(language),
        *_lights(language),
        '<div class="lower">',
        *_buzzes(language),
        *_hands(language),
        "</div>",
        f"<footer><p>{escape(say('card.allowed'))}</p><p>{escape(say('card.default'))}</p></footer>",
        "</main></body></html>",
        "",
    ]
    return "\n".join(parts)


def _head(language: str) -> Iterator[str]:
    say = partial(told, language)
    yield "<header>"
    yield f'<div class="lead"><h1>{escape(say("card.title"))}</h1>'
    yield f'<p class="one">{escape(say("card.lead"))}</p><p class="more">{escape(say("card.lead-more"))}</p></div>'
    yield labelled(language)
    yield "</header>"


def labelled(language: str, *, paper: bool = False) -> str:
    """The device, large, with its parts named."""
    labels = (("top-light", 12, 60), ("front-light", 38, 83), ("record", 122, 71), ("function", 84, 98))
    parts = [device.device(LIGHTS[Look.RECORDING], x=4, y=4)]
    for key, at, begin in labels:
        parts.append(f'<path d="M{begin + 4} {at}H112" stroke="{device.INK}" stroke-width="1.2"/>')
        parts.append(f'<text x="116" y="{at + 4}">{escape(told(language, f"card.{key}"))}</text>')
    style = "text{font:600 14px Inter,Arial,sans-serif;fill:#16191d}"
    title = escape(told(language, "card.title"))
    where = ' width="480"' if paper else ' class="device"'
    return device.svg("".join(parts), 324, 156, title, style=style, attributes=where, paper=paper)


def _lights(language: str) -> Iterator[str]:
    say = partial(told, language)
    yield f'<section class="lights"><h2>{escape(say("card.lights"))}<small>{escape(say("card.rhythm"))}</small></h2>'
    for group, looks in GROUPS.items():
        yield f'<div class="group {group}"><h3>{escape(say(f"card.{group}"))}</h3><ul>'
        for look in looks:
            yield _light(language, LIGHTS[look], f"look.{look.value}", f"card.do.{look.value}")
        yield "</ul></div>"
    yield f'<div class="group"><div></div><ul>{_light(language, DARK, "card.dark", "")}</ul></div>'
    yield f'<p class="front">{escape(say("card.front"))}</p></section>'


def _light(language: str, lights: Lights, key: str, advice: str) -> str:
    words = LANGUAGES[language]
    hint = f" <b>{escape(told(language, advice))}</b>" if advice in words else ""
    top = lights.top
    lit = top.colour is not Colour.OFF
    seen = escape(f"{words[f'colour.{top.colour.value}']}, {words[f'pattern.{top.pattern.value}']}") if lit else ""
    drawn = device.svg(device.device(lights), 104, 88, "", attributes=' class="mini"')
    pulse = device.svg(device.rhythm(lights.top, 160, 26), 160, 26, seen, attributes=' class="rhythm"')
    return f"<li>{drawn}{pulse}<span>{escape(told(language, key))}{hint}</span></li>"


def _buzzes(language: str) -> Iterator[str]:
    say = partial(told, language)
    yield f'<section class="buzzes"><h2>{escape(say("card.buzzes"))}</h2><ul>'
    for name, buzz in BUZZES.items():
        drawn = device.svg(device.bars(buzz, 110, 20, 1100), 110, 20, "", attributes=' class="buzz"')
        yield f"<li>{drawn}<span><b>{escape(say(f'buzz.{name}.name'))}:</b> {escape(say(f'buzz.{name}'))}</span></li>"
    yield "</ul></section>"


def _hands(language: str) -> Iterator[str]:
    say = partial(told, language)
    yield f'<section class="hands"><h2>{escape(say("card.hands"))}</h2><table>'
    yield f"<thead><tr><td></td><th>{escape(say('card.ready'))}</th><th>{escape(say('card.while-recording'))}</th></tr></thead>"
    for button, rows in HANDS:
        yield f'<tbody class="{button}"><tr><th colspan="3">{escape(say(f"card.{button}"))}</th></tr>'
        for hand, ready, running in rows:
            drawn = device.svg(device.press(hand, 60, 12), 60, 12, "", attributes=' class="press"')
            what = f'<th scope="row">{escape(say(f"hand.{hand}"))}{drawn}</th>'
            if ready is running:
                yield f'<tr>{what}<td colspan="2">{_meant(language, ready)}</td></tr>'
            else:
                yield f"<tr>{what}<td>{_meant(language, ready)}</td><td>{_meant(language, running)}</td></tr>"
        yield "</tbody>"
    yield "</table></section>"


def _meant(language: str, means: Means) -> str:
    if means is Means.NOTHING:
        return "–"
    star = "*" if means in LIMITED else ""
    return escape(told(language, f"means.{means.name.lower()}")) + star


_STYLE: Final = """
@page{size:A4;margin:0}
*{box-sizing:border-box;margin:0;padding:0;-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{background:#d7dbe0;color:#16191d;font:500 12.4pt/1.2 Inter,"Atkinson Hyperlegible","Segoe UI","Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans Condensed",sans-serif}
.sheet{display:flex;flex-direction:column;width:210mm;height:296mm;margin:6mm auto;padding:8mm 10mm 4mm;background:#fff;overflow:hidden}
.draft{background:#ffd400;text-align:center;font-size:10pt;font-weight:700;padding:.6mm;margin:-5mm -7mm 1mm}
header{display:flex;justify-content:space-between;align-items:center;border-bottom:1mm solid #16191d;padding-bottom:1.5mm}
h1{font-size:14pt;font-weight:600}
.one{font-size:32pt;font-weight:800;line-height:1.08;letter-spacing:-.5pt}
.more{font-size:14pt;font-weight:600}
.device{width:68mm;height:33mm;flex:none}
h2{font-size:16pt;font-weight:800;margin:1.6mm 0 .8mm}
h2 small{font-size:11pt;font-weight:500;margin-left:3mm}
ul{list-style:none}
.group{display:grid;grid-template-columns:7mm 1fr;border-top:.4mm solid #9aa1aa}
.group h3{writing-mode:vertical-rl;transform:rotate(180deg);text-align:center;font-size:10.5pt;font-weight:700;color:#fff;background:#3f464e;line-height:7mm}
.group.recording h3{background:#b00d17}
.lights li{display:grid;grid-template-columns:11.4mm 38mm 1fr;gap:3mm;align-items:center;min-height:9.7mm;padding-left:2mm}
.lights li+li{border-top:.2mm solid #cfd4da}
.mini{height:9.6mm;width:11.4mm;display:block}
.rhythm{width:38mm;height:6.2mm}
.front{font-weight:700;font-size:12pt;border:.6mm solid #b00d17;border-radius:2mm;padding:.7mm 2.5mm;margin-top:1.4mm}
.lower{display:grid;grid-template-columns:73mm 1fr;gap:5mm}
.buzzes li{display:grid;grid-template-columns:24mm 1fr;gap:2.5mm;align-items:center;min-height:12.6mm;border-top:.2mm solid #cfd4da;font-size:11.4pt}
.buzz{width:24mm;height:5.4mm}
table{width:100%;border-collapse:collapse;font-size:11pt;line-height:1.14}
th,td{text-align:left;vertical-align:top;padding:.6mm 1mm}
thead td{border:0}
thead th{font-size:10pt;font-weight:600;padding:0 1mm}
tbody th[colspan]{background:#3f464e;color:#fff;font-weight:700;padding:.3mm 1mm}
tbody.record th[colspan]{background:#b00d17}
tbody th[scope]{white-space:nowrap;width:25mm}
td{border-left:.2mm solid #cfd4da}
tr+tr{border-top:.2mm solid #cfd4da}
.press{display:block;width:22mm;height:3.2mm;margin-top:.4mm}
footer{margin-top:auto;font-size:8.4pt;line-height:1.2;color:#3f464e}
[lang=cy] body{font-size:11.8pt}
[lang=cy] .one{font-size:24pt}
[lang=cy] .front{font-size:11.4pt}
[lang=cy] table{font-size:10pt}
[lang=cy] .buzzes li{font-size:10.6pt;min-height:11.6mm}
[lang=cy] h2{font-size:14.5pt}
[lang=cy] h2 small{font-size:10pt}
[lang=cy] .lights li{min-height:9.5mm}
@media print{body{background:#fff}.sheet{margin:0}}
"""
