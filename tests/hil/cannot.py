"""What the virtual camera cannot have of a board, by step, or by a step's test: each with the reason, which the report shows in place of an outcome."""

from __future__ import annotations

from collections.abc import Mapping

VIRTUAL: Mapping[str, str] = {
    "camera": "QEMU has no lens, and the machine's Debian no libcamera with a virtual one; `make contract-libcamera` runs the real picamera2 on that",
    "microphone": "QEMU's sound card hears nothing; `make test` hears spoken sentences through the real ALSA, from a pipe",
    "signer.test_the_tpm_signs": "Debian's kernel for arm64 has no driver for QEMU's TPM; `make test` has swtpm sign through the real tpm2-pytss",
    "dock.test_a_pulled_plug_is_noticed": "the kernel's dummy controller goes on saying `configured` when nothing is plugged in any more, and QEMU does not tell that a pseudo-terminal was closed",
    "dock.test_the_pogo_pins_carry_every_byte": "the machine's one serial port is its console",
    "power_draw": "an emulated board draws nothing",
}


def markdown() -> str:
    """The list, for the page."""
    return "\n".join(f"- `{what}`: {why}" for what, why in VIRTUAL.items())
