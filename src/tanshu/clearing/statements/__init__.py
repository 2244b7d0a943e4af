"""结算单与市场结算报告: what a settlement day came to, for everybody and for the market."""
