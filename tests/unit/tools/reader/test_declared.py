"""A template's parameters, read without the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.reader import ROOT, declared, template
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_they_are_those_of_the_whole_template() -> None:
    assert declared.parameters(ROOT / "template.yaml") == template.source()["Parameters"]


@pytest.mark.parametrize("text", [None, "Resources: {}\n", "Parameters:\n  - one\n"])
def test_a_template_without_them_is_refused_with_its_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "template.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=r"template\.yaml"):
        declared.parameters(file)
