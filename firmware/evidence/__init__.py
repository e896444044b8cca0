"""Evidence: what is signed, what is encrypted, and who is believed.

Everything here is pure: bytes and values in, bytes and values out.  The formats are those of
``docs/evidence-format.md``.
"""
