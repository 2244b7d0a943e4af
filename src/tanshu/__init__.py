"""Tanshu (碳枢): the open operating system of a carbon market.

Start with ARCHITECTURE.md: it names the floors and says which room owns what.
"""

__version__ = "0.0.1"
