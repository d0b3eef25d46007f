"""The commands `take-over` and `last-resort`: what only a person may do, and knows the price of."""
