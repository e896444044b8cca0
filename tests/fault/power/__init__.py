"""Power cuts: every state that one may leave, started on and judged."""
