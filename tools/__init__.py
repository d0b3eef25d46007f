"""What is run beside the product: the audit, the cost, the benchmark, the drawings."""
