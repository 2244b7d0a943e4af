"""The second opinion: every entry judged by a reference kernel and by the rules, all that is shown compared.

`run(database)` audits a whole log and what lies beside it; `follow.Follower` keeps up with one, round by
round. Both believe nothing that is stored. They name what is wrong, with the entry and the accounts that it
concerns, and never raise because of what the database holds.
"""

# Every room's tables must be declared before the log's row changes can be read.
from tanshu import app as app
from tanshu.audit.report import AuditReport, Finding
from tanshu.audit.walk import run

__all__ = ["AuditReport", "Finding", "run"]
