"""Asks AWS when it matters: Regions side by side, bounded in time, what is silent is named."""
