"""Every word that an officer reads: one table a language, with the same keys in each.

A key is ``look.``, ``trouble.``, ``cue.``, ``flag.``, ``colour.`` or ``pattern.`` with the value of the firmware's own enumeration behind it,
or the name of a text on a page.  Only the desk needs them, so a camera has none of this.
"""
