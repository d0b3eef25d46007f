"""Who is active: the control item, its transitions, the fence, the switch, the keeper."""
