"""How the operator of the benchmark finds the alarms that start the machine."""

from lab.bench.operator import alarm_names

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:pilot-light-primary-unhealthy"


def test_alarms_are_named_by_their_arns() -> None:
    assert alarm_names({"resources": [ARN]}) == {"pilot-light-primary-unhealthy"}


def test_alarms_are_named_by_their_names() -> None:
    pattern = {"detail": {"alarmName": ["sentinel"], "state": {"value": ["ALARM"]}}}
    assert alarm_names(pattern) == {"sentinel"}


def test_what_is_no_name_is_left_out() -> None:
    pattern = {"resources": [{"prefix": "arn:"}, "arn:aws:sns:us-east-1:0:topic"], "detail": {}}
    assert alarm_names(pattern) == set()
    assert alarm_names({}) == set()
