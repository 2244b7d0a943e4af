"""The law as data: dated rule packs with their sources, calendars, and the named formulas a pack selects."""
