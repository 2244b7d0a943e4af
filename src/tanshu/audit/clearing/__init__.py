"""The clearing house judged a second time, along the book alone: who took which step, and what it holds.

`days.py` follows the steps and people of a day, `holdings.py` what closed sessions hold during delivery,
`positions.py` what the banks have to hold, `statements.py` and `seal.py` what is told at the end. What was
delivered, for which trade and fee, is laid beside the markets' own logs: `market/delivery.py`, `amounts.py`.
Nothing here calls the house's own code.
"""
