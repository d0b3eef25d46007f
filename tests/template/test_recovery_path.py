"""The recovery path as the template has it: data planes only, in the Secondary's Region only."""

from __future__ import annotations

import ast
import copy

import pytest

from tests.template.stacks import HOOKS, SHOP
from tools.audit import calls, code, grants, page, path, planes
from tools.reader.template import ACCOUNT, Template, load, source

SECONDARY, PRIMARY = "us-east-2", "us-west-2"


@pytest.fixture
def changed(monkeypatch):
    """Judge a template that was changed."""
    document = source()

    def change(**resources):
        new = copy.deepcopy(document)
        for name, edit in resources.items():
            edit(new["Resources"][name]["Properties"])
        stack = Template(new, SECONDARY, load("secondary").parameters)
        monkeypatch.setattr(calls, "load", lambda env: stack if env == "secondary" else load(env))
        return stack

    return change


def allow(action, resource):
    def edit(role):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        role.setdefault("Policies", []).append({"PolicyName": "more", "PolicyDocument": document})

    return edit


def machine_with(monkeypatch, *, alone=False, **task):
    """The real machine with one task more, or with that task alone."""
    real = path.definition

    def definition(stack, machine):
        states = {} if alone else real(stack, machine)["States"]
        return {"States": {**states, "More": {"Type": "Task", **task}}}

    monkeypatch.setattr(path, "definition", definition)
    return path.walk.__wrapped__(load("secondary"))


# --- who is on the path ---------------------------------------------------------------------------


def test_what_the_machine_calls_what_starts_it_and_what_cleans_up_is_on_the_path():
    found = path.walk(load("secondary"))
    steps = {"Intake", "Confirm", "Readiness", "Warm", "Decide", "Traffic"}
    called = {"Example", "Switch", "Janitor"}
    assert {f"{name}Function" for name in steps | called} <= set(found.functions)
    assert {"FailoverRole", "StartFailoverRole", "JanitorRole"} <= set(found.roles)


def with_hooks():
    """The Secondary's stack of an application with every hook."""
    return Template(source(), SECONDARY, {**load("secondary").parameters, **SHOP, **HOOKS})


@pytest.mark.parametrize("hooks", [True, False])
def test_a_hook_is_on_the_path_where_the_application_has_one(hooks):
    found = path.walk(with_hooks() if hooks else load("secondary"))
    assert ("HookFunction" in found.functions) is ("HookRole" in found.roles) is hooks
    assert any("Hook" in task.state for task in found.tasks) is hooks


def test_the_role_of_hooks_calls_nothing_but_functions_of_the_application_here(monkeypatch):
    stack = with_hooks()
    monkeypatch.setattr(calls, "load", lambda env: stack if env == "secondary" else load(env))
    assert calls.faults(SECONDARY) == []
    (invoked,) = (g for g in grants.of_role(stack, "HookRole") if g.action.startswith("lambda:"))
    assert invoked.resource == f"arn:aws:lambda:{SECONDARY}:{ACCOUNT}:function:shop-*:*"


def test_the_proof_which_asks_the_other_region_is_off_the_path():
    found = path.walk(load("secondary"))
    assert "ProofFunction" not in [*found.functions, *found.not_waited_for]
    assert "ProofRole" not in found.roles


def test_what_only_a_deployment_calls_is_off_the_path():
    assert "SeedFunction" not in path.walk(load("secondary")).functions


def test_what_carries_the_alarm_s_event_is_judged_too():
    assert "ForwardAlarmRole" in {c.role for c in calls.possible()}


@pytest.mark.parametrize(("kind", "on_it"), [("RequestResponse", True), ("Event", False)])
def test_what_the_machine_starts_and_does_not_wait_for_is_off_the_path(monkeypatch, kind, on_it):
    found = machine_with(
        monkeypatch,
        Resource="arn:aws:states:::lambda:invoke",
        Arguments={"FunctionName": "<SeedFunction.Alias>", "InvocationType": kind},
    )
    assert ("SeedRole" in found.roles) is on_it
    assert ("SeedFunction" in found.not_waited_for) is not on_it


def test_a_function_that_is_named_at_run_time_may_be_any_that_the_machine_may_invoke(monkeypatch):
    found = machine_with(
        monkeypatch,
        Resource="arn:aws:states:::lambda:invoke",
        Arguments={"FunctionName": "{% $target %}"},
        alone=True,
    )
    assert {"ConfirmFunction", "DecideFunction"} <= set(found.functions)


def test_a_task_of_an_unknown_form_is_an_error_that_names_it(monkeypatch):
    with pytest.raises(path.UnreadableTask, match="More"):
        machine_with(monkeypatch, Resource="arn:aws:states:us-east-2:1:activity:wait", Arguments={})


# --- the judgement --------------------------------------------------------------------------------


def test_nothing_on_the_path_may_call_a_control_plane_or_another_region():
    assert calls.faults(SECONDARY) == []
    assert len(calls.possible()) > 50


def test_a_control_plane_action_is_a_fault_even_in_the_own_region(changed):
    table = {"Fn::GetAtt": ["Data", "Outputs.JournalTableArn"]}
    changed(ConfirmRole=allow("dynamodb:DescribeTable", table))
    (fault,) = calls.faults(SECONDARY)
    assert "ConfirmRole may call dynamodb:DescribeTable, which is control plane" in fault


def test_a_resource_of_another_region_is_a_fault(changed):
    changed(
        WarmRole=allow("lambda:InvokeFunction", f"arn:aws:lambda:{PRIMARY}:1:function:app:live")
    )
    (fault,) = calls.faults(SECONDARY)
    assert f"WarmRole may call lambda:InvokeFunction in {PRIMARY}" in fault


def test_an_action_that_nobody_classified_is_an_error_that_names_it(changed):
    changed(IntakeRole=allow("quantum:Entangle", "*"))
    with pytest.raises(planes.UnknownAction, match="quantum:Entangle"):
        calls.faults(SECONDARY)


@pytest.mark.parametrize("resource", ["arn:aws:s3:::some-bucket/*", {"Ref": "Nowhere"}])
def test_a_resource_whose_region_is_not_told_is_an_error(changed, resource):
    changed(ReadinessRole=allow("s3:GetObject", resource))
    with pytest.raises(calls.UnknownRegion):
        calls.faults(SECONDARY)


def test_a_control_plane_task_is_a_fault(monkeypatch):
    found = machine_with(
        monkeypatch, Resource="arn:aws:states:::aws-sdk:route53:changeResourceRecordSets"
    )
    monkeypatch.setattr(path, "walk", lambda _stack: found)
    (fault,) = calls.faults(SECONDARY)
    assert "state More: route53:ChangeResourceRecordSets is control plane" in fault


def test_what_deployments_only_may_do_is_no_task():
    late = {c.action for c in calls.possible() if c.plane.only_at}
    used = {t.action for t in path.walk(load("secondary")).tasks}
    assert not late & used


@pytest.mark.parametrize("env", ["primary", "secondary"])
def test_an_emergency_calls_data_planes_of_the_own_region_only(env):
    made = calls.in_an_emergency(env)
    assert {c.plane.plane for c in made} == {"data"}
    assert {c.region for c in made} == {load(env).region}
    assert "dynamodb:UpdateItem" in {c.action for c in made}


def test_an_emergency_that_needs_the_other_region_is_a_fault(changed):
    theirs = f"arn:aws:dynamodb:{PRIMARY}:1:table/pilot-light-control-quorum"
    changed(EmergencyRole=allow("dynamodb:GetItem", theirs))
    (fault,) = calls.faults(SECONDARY)
    assert f"EmergencyRole of the secondary may call dynamodb:GetItem in {PRIMARY}" in fault


def test_the_emergency_machine_is_off_the_path_for_only_a_person_starts_it():
    found = path.walk(load("secondary"))
    assert "EmergencyRole" not in found.roles
    assert "EmergencyMachine" not in found.not_waited_for


def test_the_page_says_that_a_strong_call_reaches_one_more_region():
    said = page.render()
    assert "witness in us-east-1" in said
    assert "**one call, to the endpoint in\nus-east-2**" in said


# --- what no policy bounds ------------------------------------------------------------------------


def test_every_function_that_can_ask_by_network_is_listed_with_what_it_asks():
    assert page.unlisted_names() == set()


def elsewhere(function):
    """The places where a function's code gives a client a Region or an endpoint."""
    return [
        f"{name}:{node.lineno}"
        for name, module in code.modules(function).items()
        for node in ast.walk(module)
        if isinstance(node, ast.keyword) and node.arg in {"region_name", "endpoint_url"}
    ]


# The janitor asks the topic in us-east-1 after a run has ended (`spared` in planes.toml).
@pytest.mark.parametrize(
    "function", [f for f in path.walk(load("secondary")).functions if f != "JanitorFunction"]
)
def test_no_client_of_the_path_names_a_region_or_an_endpoint(function):
    assert elsewhere(function) == []


def test_a_client_that_names_a_region_is_found_wherever_the_function_imports_it(
    monkeypatch, tmp_path
):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "app.py").write_text("from pilotlight import shared\n")
    (tmp_path / "pilotlight").mkdir()
    away = "import boto3\n\nclient = boto3.client('s3', region_name='us-west-2')\n"
    (tmp_path / "pilotlight" / "shared.py").write_text(away)
    monkeypatch.setattr(code, "FUNCTIONS", tmp_path)
    assert elsewhere("FarFunction") == ["pilotlight.shared:3"]


# --- a drill's record, and the page ---------------------------------------------------------------


def test_recorded_calls_are_known_by_role_and_plane_whatever_cloudformation_named_the_role():
    call = {"region": PRIMARY, "service": "lambda", "operation": "Invoke"}
    of_path = {**call, "role": "pilot-light-secondary-WarmRole-0A1B2C3D4E5F6"}
    of_other = {**call, "role": "pilot-light-secondary-SeedRole-0A1B2C3D4E5F6"}
    (found,) = calls.recorded([of_path, of_other])
    assert str(found) == f"WarmRole: lambda:InvokeFunction in {PRIMARY}, data plane"


def test_a_recorded_call_that_nobody_classified_is_an_error_that_names_it():
    call = {"role": "a-WarmRole-1", "region": SECONDARY, "service": "lambda", "operation": "Guess"}
    with pytest.raises(planes.UnknownAction, match="lambda:Guess"):
        calls.recorded([call])


def test_the_page_in_docs_is_what_the_audit_says_now():
    assert page.PAGE.read_text() == page.render(), "run `make audit`"
