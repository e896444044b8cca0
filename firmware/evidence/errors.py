"""Every refusal of this package.

Verification raises and never returns a bool.  A message names the field that is wrong, and is fit for a log: no key, no
plaintext.
"""

from __future__ import annotations


class EvidenceError(Exception):
    """Something that was read, or that was about to be written, is not what the evidence format asks for."""


class FormatError(EvidenceError):
    """Bytes or values that the format does not allow."""


class SignatureError(EvidenceError):
    """A signature that does not fit what was signed."""


class ChainError(EvidenceError):
    """A certificate chain that is not exactly what its role asks for, or that is not of our authority."""


class RevokedError(ChainError):
    """A certificate that the authority has withdrawn."""


class DateError(ChainError):
    """A certificate that was not valid at the time in question."""


class SequenceError(EvidenceError):
    """A line that does not continue the line before it."""


class MismatchError(EvidenceError):
    """A genuine object that is about something else than was asked for."""


class RecipientError(EvidenceError):
    """A recipient, or a set of recipients, that nothing may be encrypted to."""


class KeyFileError(EvidenceError):
    """A key that is not an unencrypted P-256 private key, or not the one that its certificate names."""
