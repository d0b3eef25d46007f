"""What a drill came to: JSON and one page."""
