"""The register: instruments, and every transaction in them from proposal to effect.

`types` is the one table of transaction types; `service` the verbs; `checks` the numbered refusals.
"""
