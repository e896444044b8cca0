"""The fault tier, ``make fault``: power cuts, failing storage and failing parts, enumerated and judged from outside."""
