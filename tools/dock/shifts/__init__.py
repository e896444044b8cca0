"""Whose shift it is: the register, badges and readers, and what is said of it later."""
