"""What ``make fuzz`` does: gives every parser millions of inputs, and fails on any that it neither takes nor refuses in its own words."""
