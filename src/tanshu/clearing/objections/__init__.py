"""Objections 异议 to a settlement day: no sealed day is opened for one; what is upheld is corrected today."""
