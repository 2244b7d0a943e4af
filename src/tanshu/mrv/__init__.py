"""What was emitted: the year's list of covered entities, unit activity, verified emissions."""
