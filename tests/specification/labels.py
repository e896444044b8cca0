"""A picture of a camera's label, for the page on enrolment: its code is drawn by what draws the real ones."""

from __future__ import annotations

import hashlib
import re

from tools.provision.factory.labels import code


def drawn() -> str:
    """One label, 48.5 x 25.4 mm, at four times its size."""
    fingerprint = hashlib.sha256(b"cam-0001").hexdigest()
    drawing = re.sub(r"<svg xmlns=\S+", '<svg x="1" y="1.7" width="22" height="22"', code(fingerprint), count=1)
    lines = [
        ("cam-0001", 24, 6.4, 'font-weight="bold" font-size="2.9"'),
        ("zero2w 10000000abcd0001", 24, 9, 'font-size="1.6"'),
        *(
            (fingerprint[at : at + 16], 24, 12 + at / 6.4, 'font-size="2" font-family="monospace"')
            for at in range(0, 64, 16)
        ),
    ]
    words = "\n".join(f'<text x="{x}" y="{y:g}" {look}>{text}</text>' for text, x, y, look in lines)
    frame = '<rect width="48.5" height="25.4" fill="#fff" stroke="#999" stroke-width="0.2"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="388" height="203" viewBox="0 0 48.5 25.4" font-family="sans-serif">\n'
        f"<title>A camera's label</title>\n{frame}\n{drawing}\n{words}\n</svg>\n"
    )
