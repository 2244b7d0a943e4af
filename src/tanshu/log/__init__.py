"""The log: append-only, sequenced, hash-chained entries. The truth; all else is derived."""
