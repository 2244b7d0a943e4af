"""Between the book and a market: what its session holds, what comes in and goes out, what is delivered."""
