"""Reads template.yaml, samconfig.toml and the machines' definitions, for the tools and the lab."""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]
# Installed as a copy, the reader has no checkout of its own: it reads the one it is used in.
ROOT = _CHECKOUT if (_CHECKOUT / "template.yaml").is_file() else Path.cwd()
