"""What lasts of a market: its log judged, kept in backups, and there after every crash."""
