"""Backup and restore: the log with what lies beside it, as files that need no database.

A backup is a folder that only grows: segments of entries, each with its own hash. Every table of the rooms
follows from the entries, so a backup taken from one kind of database is restored into another, up to any
entry, and is verified with no database at all.

    made = back_up(database, folder)          what is new since the last time
    verified = verify(folder)                 every hash, every link, every result, once more
    restored = restore(folder, url, to=…)     into an empty database
"""

from tanshu.backup.make import Made, back_up
from tanshu.backup.restore import Restored, restore
from tanshu.backup.verify import Verified, stands, verify

__all__ = ["Made", "Restored", "Verified", "back_up", "restore", "stands", "verify"]
