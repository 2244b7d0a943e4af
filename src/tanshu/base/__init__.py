"""The ground: text in two languages, refusals, quantities, clocks, ids, the database, steps, documents.

Nothing here knows what a carbon market is.
"""
