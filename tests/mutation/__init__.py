"""The guards are mutated, ``make mutate``: each is removed or weakened alone, and a test has to notice."""
