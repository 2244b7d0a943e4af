"""Runnable markets as data: facts, a model of what is not published, and the year that runs on them."""
