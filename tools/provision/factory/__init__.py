"""Enrolling real cameras over their dock links: one, or a tray of them, with a ledger and labels (``docs/enrolment.md``)."""
