"""The explorer: one HTML page on which a person looks at single images of a run and at the tables behind them."""
