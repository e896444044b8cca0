"""Benchmarks: what was measured against what, in the same run.  Ratios are what counts; a time on one machine means little."""
