"""Copies of what a dock stores, in further places, and the way back."""
