"""What tests share: a clock, a PostgreSQL server, tiny commands, worlds of the book."""
