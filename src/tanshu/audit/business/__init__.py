"""The rules of the register, written a second time: entries judged by what the log itself has told.

Nothing here calls the rooms' verbs, checks or queries. Shared with them are data only: the table of
transaction types, the kinds of accounts, the rule packs.
"""

from tanshu.audit.business.judgement import Business

__all__ = ["Business"]
