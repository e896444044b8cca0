"""The tables of ``docs/power-budget.md``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.specification import hardware, power
from tests.specification.tables import table

_UPS = "[DFRobot, of a UPS board](https://wiki.dfrobot.com/Raspberry_Pi_UPS_HAT_SKU_DFR0494)"


def budget() -> str:
    """Part by part, for the board that is worn; then each board's sums."""
    rows = [
        (each.part, *(printed(each.states.get(state), 1) for state in power.STATES), each.source)
        for each in power.draws("zero2w")
    ]
    rows.append(("**in all**", *(f"**{printed(power.total('zero2w', state), 1)}**" for state in power.STATES), ""))
    return table(("Raspberry Pi Zero 2 W, mW at 5 V", *power.STATES, "whose word that is"), rows)


def boards() -> str:
    """The three boards beside each other."""
    rows = []
    for board in hardware.boards():
        name = board.name
        rows.append(
            (
                board.model,
                power.BASE[name].source,
                *(printed(power.total(name, state).times(0.001), 0.1) for state in power.STATES),
                printed(power.needed_mah(name).times(0.001), 0.1),
            )
        )
    head = ("", "the board's own", *(f"{state}, W" for state in power.STATES), f"cell for {power.SHIFT_H:g} h, Ah")
    return table(head, rows)


def lasting() -> str:
    """How long cells last."""
    rows = [
        (board.model, *(printed(power.hours(board.name, mah), 0.5) for mah in power.CELLS_MAH))
        for board in hardware.boards()
    ]
    return table(("hours", *(f"{mah} mAh" for mah in power.CELLS_MAH)), rows)


def charging() -> str:
    """How long the dock takes."""
    rows = []
    for board in hardware.boards():
        found = [power.charging_h(board.name, power.CELLS_MAH[-1], watts) for watts in power.CHARGED_BY.values()]
        rows.append((board.model, *("never" if each is None else _hours(each) for each in found)))
    return table((f"hours for {power.CELLS_MAH[-1]} mAh, empty", *(f"5 V, {name}" for name in power.CHARGED_BY)), rows)


def warmth() -> str:
    """How warm a case gets."""
    rows = [(board.model, printed(power.warmer_k(board.name), 1)) for board in hardware.boards()]
    return table(("while it records", "K above the air around it"), rows)


def inputs() -> str:
    """What the power.hours are computed from, beside the watts."""
    rows = [
        (
            "what becomes 5 V of what the cell gives, %",
            printed(power.BOOST.times(100), 1),
            f"over 90 %: {_UPS}; the rest estimate",
        ),
        (
            "what a cell gives of what is printed on it, %",
            printed(power.USABLE.times(100), 1),
            "estimate; the least: old, or in the cold",
        ),
        ("the cell's voltage on average, V", f"{power.CELL_V:g}", "as printed on most cells"),
        (
            "a shift, h; of that recorded, h",
            f"{power.SHIFT_H:g}; {power.RECORDED_H:g}",
            "chosen; since the buffer runs always, the second hardly counts",
        ),
        ("what a charger puts into the cell, %", f"{power.CHARGER * 100:.0f}", "estimate"),
        (
            "the case, mm; its cooling, W/(m² K)",
            f"{' x '.join(map(str, power.CASE_MM))}; {power.COOLING:g}",
            "chosen; a rule of thumb for still air, without the side at the body",
        ),
    ]
    return table(("input", "value", "whose word that is"), rows)


def _hours(figure: float) -> str:
    """Hours, unless they are of no use to anybody."""
    return f"{figure:.1f}" if figure < 24 else "over a day"


def printed(figure: power.Three | None, step: float) -> str:
    """A figure as it is printed: what is likely, and the two others; no finer than ``step``."""
    if figure is None:
        return "0"
    places = 0 if step >= 1 else 1
    hoped, likely, feared = (
        f"{round(each / step) * step:.{places}f}" for each in (figure.hoped, figure.likely, figure.feared)
    )
    return likely if hoped == likely == feared else f"{likely} ({hoped} to {feared})"


MADE: Mapping[str, Callable[[], str]] = {
    "budget": budget,
    "inputs": inputs,
    "boards": boards,
    "hours": lasting,
    "charging": charging,
    "warmth": warmth,
}
