"""What the house costs, measured: `python -m benchmarks` (or `make bench`).

Every headline figure is a ratio of two measurements of the same run, taken in turns, median of five or more:
the machine may be shared and slow, the ratio stays. See docs/performance.md.
"""
