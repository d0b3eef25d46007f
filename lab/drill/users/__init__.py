"""Users of the application, and requests beside them."""
