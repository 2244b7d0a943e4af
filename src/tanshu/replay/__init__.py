"""Replays: published markets posted through the house to the last tonne, beside what their files say."""
