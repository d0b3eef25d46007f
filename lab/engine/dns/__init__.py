"""Route 53's data plane: health checkers, and the answers of its name servers."""
