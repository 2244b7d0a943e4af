"""The second opinion: the whole log replayed by the reference kernel, every link and every answer checked.

`run(database)` believes nothing that is stored. It returns an `AuditReport`; the first thing that is wrong is
named with the entry it concerns. It never raises because of what the database holds.
"""

from tanshu.audit.report import AuditReport, Finding
from tanshu.audit.walk import run

__all__ = ["AuditReport", "Finding", "run"]
