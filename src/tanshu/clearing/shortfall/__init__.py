"""Shortfalls 资金不足: noticed, made good in time or covered by the house, then recovered."""
