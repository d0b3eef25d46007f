"""Nested stacks: each is a stack of its own, which its parent creates, updates and deletes."""
