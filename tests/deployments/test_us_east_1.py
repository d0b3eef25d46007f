"""A pair with us-east-1 in either role, deployed at AWS's pace, does not fail over meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.config import ROOT
from lab.drill.own_lab import settle
from lab.drill.watching import Watch
from lab.progress import Progress
from tests.deployments.account import Account, account
from tests.e2e.engines import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
SPEED = 10.0
# Assumed, and slower than most: CloudFormation creates a stack's resources side by side, the lab
# one after the other. With these a stack takes about ten minutes of AWS's, time enough for a
# health check, an alarm, the beacon and the sentinel to judge what is not there yet.
SECONDS_PER_RESOURCE = 5.0


def samconfig(folder: Path, primary: str, secondary: str, witness: str) -> Path:
    text = (ROOT / "samconfig.toml").read_text()
    text = text.replace("us-west-2", "<primary>").replace("us-east-2", "<secondary>")
    text = text.replace("<primary>", primary).replace("<secondary>", secondary)
    text = text.replace(" ZoneName=", f" WitnessRegion={witness} ZoneName=")
    (folder / "samconfig.toml").write_text(text)
    return folder / "samconfig.toml"


@pytest.mark.parametrize(
    ("primary", "secondary"), [("us-west-2", "us-east-1"), ("us-east-1", "us-west-2")]
)
def test_nothing_fails_over_before_there_is_an_outage_and_then_it_does(
    primary: str, secondary: str, tmp_path: Path
) -> None:
    file = samconfig(tmp_path, primary, secondary, witness="us-east-2")
    with account(file, SPEED) as pair:
        assert pair.config.config_envs == ("secondary-first", "primary", "secondary")
        pair.lab.act("deployments", seconds=SECONDS_PER_RESOURCE)
        for env in pair.config.config_envs:
            pair.deploy(env)
        assert nothing_happened(pair)
        settle(pair.config, pair.lab, Progress())
        assert nothing_happened(pair)

        pair.lab.act("outage", mode="region", region=primary)
        until("the Secondary serves", lambda: active(pair) == (secondary, 2), seconds=60)
        until("the run ends", lambda: all(e.ended for e in runs(pair)), seconds=60)


def nothing_happened(pair: Account) -> bool:
    assert runs(pair) == []
    return active(pair) == (pair.config.primary_region, 1)


def runs(pair: Account) -> list[object]:
    return list(Watch(pair.config, pair.lab).executions(0.0))


def active(pair: Account) -> tuple[str, int]:
    who = pair.lab.who_is_active({})
    return who["active_region"], who["epoch"]
