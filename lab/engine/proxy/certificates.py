"""An authority made for one run, and the certificate of the Regions' entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from lab.config import LabConfig


def make(config: LabConfig) -> tuple[Path, Path]:
    """Write authority, certificate and key below the state directory; return the last two."""
    state = Path(config.state_dir)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(config.ca_file))
    apis = [f"*.execute-api.{region}.amazonaws.com" for region in config.regions]
    names = [name for zone in config.zones for name in (zone, f"*.{zone}")]
    issued = authority.issue_cert(*names, *apis)
    certificate, key = state / "entry.pem", state / "entry.key"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    return certificate, key
