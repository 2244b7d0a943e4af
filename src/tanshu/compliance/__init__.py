"""What is owed: allocation, obligations, surrender and offset, status, penalties, carry-over estimates."""
