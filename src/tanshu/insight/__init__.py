"""What the figures say: a compliance year in numbers, charts, a report, files to work on."""
