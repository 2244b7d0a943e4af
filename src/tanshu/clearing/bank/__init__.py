"""结算银行: where the money of the book lies; instructions, notices, statements, comparison."""
