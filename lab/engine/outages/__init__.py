"""What can be lost: a Region, a service, a network; and what freezes meanwhile."""
