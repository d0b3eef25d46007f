"""The exit codes of `pilot-light`. A script or a pager may rely on them (docs/operator.md)."""

from __future__ import annotations

# Everything that was asked is as it should be, or the command did what it says.
OK = 0
# A person should look: `status` found something, or what was asked for does not exist.
ATTENTION = 1
# The command line or samconfig.toml is wrong, or nothing is deployed by those names (click's own).
USAGE = 2
# Users are not served.
FAILING = 3
# Not known: a Region did not answer, a permission is missing, or a verdict is too old.
UNKNOWN = 4
