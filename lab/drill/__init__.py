"""The drill: loses the Primary, watches the recovery, and reports what it saw."""
