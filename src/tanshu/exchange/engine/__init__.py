"""The engine of a market: records in, records out. Integers only; no clock, database or exceptions inside."""
