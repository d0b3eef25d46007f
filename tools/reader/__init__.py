"""Reads template.yaml, samconfig.toml and the machines' definitions, for the tools and the lab."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
