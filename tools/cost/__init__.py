"""What the application costs: the idle month and one failover, computed from the template."""
