"""A market's own data: what was ordered and traded, the figures of its days and months, K-lines, depth."""
