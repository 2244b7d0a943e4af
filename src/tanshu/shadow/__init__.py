"""Another operator's day computed again beside it: every difference, with its cause."""
