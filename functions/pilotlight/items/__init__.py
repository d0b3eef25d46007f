"""The items of the regional app."""
