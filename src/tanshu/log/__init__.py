"""The log: append-only, sequenced, hash-chained entries. It is the truth; everything else is derived from it."""
