"""The certificate of the entries."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from lab.engine.proxy import certificates
from tests.unit.lab.engine.fakes import CONFIG

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("state")
    certificates.make(replace(CONFIG, state_dir=str(made)))
    return made


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_is_valid_for_the_zone_its_names_and_the_regions_apis(state: Path) -> None:
    names = certificate(state / "entry.pem").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == [
        "pilotlight.example",
        "*.pilotlight.example",
        *(f"*.execute-api.{region}.amazonaws.com" for region in CONFIG.regions),
    ]


def test_it_is_signed_by_the_authority_that_clients_are_given(state: Path) -> None:
    certificate(state / "entry.pem").verify_directly_issued_by(certificate(state / "ca.pem"))


def test_the_key_fits_and_only_its_owner_may_read_it(state: Path) -> None:
    key = serialization.load_pem_private_key((state / "entry.key").read_bytes(), None)
    assert key.public_key() == certificate(state / "entry.pem").public_key()
    assert stat.S_IMODE((state / "entry.key").stat().st_mode) == 0o600
