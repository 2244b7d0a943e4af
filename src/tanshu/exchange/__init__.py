"""What is traded: the market's own log, its trading modes, its session, its figures and their supervision."""
