"""What the specifications show of the code: tables, limits, drawings and worked examples.  ``docs/generate.py`` puts them into the pages."""
