"""What can be lost: a Region, a service, a network; and what stands still meanwhile."""
