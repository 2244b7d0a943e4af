"""Who has a claim on units, and in which order: one queue per cell.

A cell is one account's units of one instrument. Everything that holds units in it stands in its queue: a
court's freeze, a pledge, a proposal that waits, a market's session. A claim that holds nothing waits; what
others give back or what arrives goes to those that wait, in the order of the queue.
"""
