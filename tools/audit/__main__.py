"""`python -m tools.audit`: write docs/recovery-path.md and docs/dns.md, and report faults.

Exit codes: 0 no fault, 1 a fault of the path or, with --check, a stale page, 2 samconfig.toml has
a value that the template does not accept.
"""

from __future__ import annotations

import argparse
import sys

from tools.audit import calls, dns, page
from tools.reader.samconfig import ConfigError
from tools.reader.template import load


def main() -> int:
    """Run the audit."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and fail if a page is stale"
    )
    options = parser.parse_args()
    faults = calls.faults(load("secondary").region)
    faults += [f"tools/audit/names.toml and the code differ on {f}" for f in page.unlisted_names()]
    pages = {page.PAGE: page.render(), dns.PAGE: dns.render()}
    for file, text in pages.items():
        if not options.check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            faults.append(f"docs/{file.name} is stale: run `make audit`")
    print("\n".join(faults) or "The recovery path is data plane, and in the Secondary's Region.")
    return 1 if faults else 0


def run() -> None:
    """Run the audit, and end with its exit code."""
    try:
        sys.exit(main())
    except ConfigError as error:
        error.show()
        sys.exit(error.exit_code)


if __name__ == "__main__":
    run()
