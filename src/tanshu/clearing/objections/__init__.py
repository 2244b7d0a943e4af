"""Objections 异议 to a settlement day: they never open a sealed day; one that is upheld is corrected today."""
