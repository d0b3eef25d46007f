"""The items of the example application."""
