"""Each outage of the lab has its expected result.

All are marked as long: `make outages` runs them and prints the table.
"""

from __future__ import annotations

import pytest

from lab.drill.outage.expectations import EXPECTATIONS
from tests.e2e import drills
from tests.e2e.conftest import DRILLS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
GOES_ON = ("--parameter", "WithoutQuorum=continue")
RUNS = [pytest.param(mode, (), id=mode, marks=pytest.mark.long) for mode in EXPECTATIONS]
RUNS.append(pytest.param("long-stall", GOES_ON, id="long-stall-goes-on", marks=pytest.mark.long))


@pytest.mark.parametrize(("mode", "flags"), RUNS)
def test_an_outage_has_its_expected_result(mode, flags, tmp_path, request):
    drill = drills.run(tmp_path, "--outage", mode, *flags)
    request.config.stash[DRILLS].append(drill.report)
    assert (drill.failed, drill.report["verdict"], drill.exit_code) == ([], "pass", 0), drill.said
    outage = drill.report["outage"]
    assert outage["mode"] == mode
    assert outage["result"] in outage["expected"].split(" or ")
    for kind in ("read", "write"):
        unknown = drill.report[f"rto_{kind}_seconds"] is None
        assert unknown is (outage["result"] != "recovers"), kind
