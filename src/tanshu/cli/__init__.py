"""The terminal door: parse, say who asks, call a verb or a question, show the answer. It decides nothing.

A command imports what it needs when it runs, so that `tanshu holdings` does not pay for charts and workbooks.
"""
