"""The book: accounts, holdings and holds of everything of value, money included.

Read in this order: `codes` (what can go wrong), `records` (what can be asked), `kernel` (what happens),
`reference` (the same, obvious), `state` (the arrays), `commit` (how a command becomes durable).
"""
