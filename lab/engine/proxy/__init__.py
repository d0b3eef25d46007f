"""What stands in front of MiniStack: entries, outages, the admin API, the page."""
