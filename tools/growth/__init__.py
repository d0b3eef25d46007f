"""How time and cost grow with writes, items, functions and epochs: the real code, counted."""

import sys

from tools.reader import ROOT

# The product and its client, which only Lambda's layer has on its path.
for _tree in (ROOT / "functions", ROOT / "clients" / "python" / "src"):
    if str(_tree) not in sys.path:
        sys.path.append(str(_tree))
