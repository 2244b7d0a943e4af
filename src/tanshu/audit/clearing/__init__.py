"""The clearing house judged a second time: who took which step of a day, what was delivered for which trade.

Along the book alone: `days.py` follows the steps and who took them, `holdings.py` what closed sessions hold
while the house delivers, `positions.py` what the banks levelled. Beside the markets' own logs, with plain
dictionaries: `delivery.py` the trades, `amounts.py` the fees. Nothing here calls the house's own code.
"""
