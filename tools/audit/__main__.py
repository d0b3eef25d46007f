"""`python -m tools.audit`: write docs/recovery-path.md and docs/dns.md, or say what is wrong.

Exit codes: 0 all is well, 1 a fault of the path or, with --check, a stale page.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.audit import calls, dns, page
from tools.reader.template import load


def main() -> int:
    """Run the audit."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if stale")
    parser.add_argument("--seen", type=Path, metavar="REPORT", help="keep this report.json as seen")
    given = parser.parse_args()
    if given.seen:
        page.remember(given.seen)
    wrong = calls.faults(load("secondary").region)
    wrong += [f"tools/audit/names.toml and the code differ on {f}" for f in page.unlisted_names()]
    pages = {page.PAGE: page.render(), dns.PAGE: dns.render()}
    for file, text in pages.items():
        if not given.check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            wrong.append(f"docs/{file.name} is stale: run `make audit`")
    print("\n".join(wrong) or "The recovery path is data plane, and in the Secondary's Region.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
