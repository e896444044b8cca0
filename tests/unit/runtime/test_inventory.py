"""What lies on the card: known at once, however much that is."""

from __future__ import annotations

import random

from firmware.runtime.inventory import Entry, Inventory
from firmware.runtime.names import recording

SEED = 4


def entry(number: int, size: int, *, receipted: bool) -> Entry:
    """A recording of one file."""
    receipt = (1, "00") if receipted else (None, None)
    return Entry(number, "00", {"000000.mp4.age": size}, False, *receipt)


def test_what_docks_took_over_is_counted_as_it_comes_and_goes() -> None:
    """However entries come, change and go, their bytes are those of the ones with a receipt: a card never believes in room that it has not."""
    draw, inventory, there = random.Random(SEED), Inventory(), dict[int, Entry]()
    for _ in range(2000):
        number = draw.randint(1, 40)
        if draw.random() < 0.3:
            inventory.drop(number)
            there.pop(number, None)
        else:
            there[number] = entry(number, draw.randint(1, 1000), receipted=draw.random() < 0.5)
            inventory.put(there[number])
        receipted = [there[each] for each in sorted(there) if there[each].receipt is not None]
        bad = {recording(draw.randint(1, 40)) for _ in range(draw.randint(0, 3))}
        assert inventory.receipted() == receipted, f"seed {SEED}"
        assert inventory.returnable(()) == sum(each.size for each in receipted), f"seed {SEED}"
        sound = sum(each.size for each in receipted if recording(each.number) not in bad)
        assert inventory.returnable(bad) == sound, f"seed {SEED}"
    assert inventory.all() == [there[number] for number in sorted(there)]
