"""Published auctions: notices, bidders, results, and the share of paid allocation."""
