"""All checks of a deployment, and what each asks."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from cli.check import delegation, judgements
from cli.check.attempt import AT_ONCE, side_by_side
from cli.check.aws import StackState, code_of
from cli.check.planned import DOMAIN_NAME, FUNCTION, HEALTH_CHECK, stacks, values
from cli.check.result import Check, CheckResult, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.check.aws import Aws
    from cli.check.planned import Name, Stack
    from tools.reader.samconfig import Deployment

REGIONS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("regions.toml").read_text("utf-8"))
NO_ACCOUNT = "000000000000"
LOG_IN = "Set AWS_PROFILE, or log in again, and try `aws sts get-caller-identity`."
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
NOT_LOGGED_IN = (
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "IncompleteSignature"),
    *("MissingAuthenticationToken", "SignatureDoesNotMatch", "UnrecognizedClientException"),
)
DESCRIBES = ("cloudformation:DescribeStacks", "cloudformation:ListStackResources")
QUOTA = ("servicequotas:GetServiceQuota", "apigateway:GET")
NAMES = (
    *("dynamodb:DescribeTable", "s3:ListBucket"),
    *("lambda:GetFunctionConfiguration", "logs:DescribeLogGroups"),
    *("backup:ListBackupVaults", "apigateway:GET"),
)


class Inspection:
    """The checks of the config environments that are to be deployed."""

    def __init__(
        self, deployments: Sequence[Deployment], aws: Aws, resolver: tuple[str, int] | None
    ) -> None:
        self.deployments, self.aws, self.resolver = deployments, aws, resolver
        self._values = values(deployments[-1])
        self._states: dict[str, StackState] = {}
        self._name_servers: list[str] | None = None

    def run(self) -> list[CheckResult]:
        """Return the result of every check, in the order in which a person corrects them."""
        account, outcome = self._credentials()
        results = [*self._by_samconfig(), CheckResult("credentials", "", *outcome)]
        planned = stacks(self.deployments, account or NO_ACCOUNT)
        # The second group builds on what the first found.
        for checks in (self._first(planned), self._second(planned)):
            if account:
                results += side_by_side(checks)
            else:
                unasked = Outcome("unknown", "not asked, because there are no credentials")
                results += [check.result(unasked) for check in checks]
        return results

    def _by_samconfig(self) -> list[CheckResult]:
        given, missing = self._values, REGIONS["function_urls"]["missing"]
        members = [given[f"{role}Region"] for role in ("Primary", "Secondary", "Witness")]
        sets = REGIONS["strong_consistency"]["sets"]
        outcomes = {
            "same_values": judgements.same_values({d.env: values(d) for d in self.deployments}),
            "strong_consistency": judgements.strong_consistency(members, sets),
            "function_urls": judgements.function_urls(given["SecondaryRegion"], missing),
        }
        return [CheckResult(name, "", *outcome) for name, outcome in outcomes.items()]

    def _credentials(self) -> tuple[str, Outcome]:
        try:
            identity = self.aws.identity(self.deployments[0].region)
            return str(identity.get("Account", "")), judgements.account(identity)
        except (ConnectionError, HTTPClientError) as error:
            return "", Outcome("unknown", f"no answer: {error}", "Try again.")
        except ClientError as error:
            state: State = "failed" if code_of(error) in NOT_LOGGED_IN else "unknown"
            return "", Outcome(state, str(error), LOG_IN)
        except BotoCoreError as error:
            return "", Outcome("failed", str(error), LOG_IN)

    def _first(self, planned: Sequence[Stack]) -> list[Check]:
        zone = Check("hosted_zone", "", ("route53:GetHostedZone",), self._zone)
        return [
            zone,
            *(Check("stack", s.region, DESCRIBES, partial(self._stack, s)) for s in planned),
        ]

    def _second(self, planned: Sequence[Stack]) -> list[Check]:
        limit, settings = ("route53:GetAccountLimit",), ("lambda:GetAccountSettings",)
        checks = [
            Check("delegation", "", (), self._delegation),
            Check("health_check_quota", "", limit, partial(self._health_checks, planned)),
        ]
        for s in planned:
            if s.count(FUNCTION):
                run = partial(self._concurrency, s)
                checks.append(Check("concurrency_quota", s.region, settings, run))
            if s.count(DOMAIN_NAME):
                run = partial(self._domain_names, s)
                checks.append(Check("domain_name_quota", s.region, QUOTA, run))
        return checks + [Check("names", s.where, NAMES, partial(self._names, s)) for s in planned]

    def _zone(self) -> Outcome:
        zone_id, zone_name = self._values["HostedZoneId"], self._values["ZoneName"]
        response = self.aws.hosted_zone(zone_id)
        if response is None:
            remedy = f"Create a public hosted zone {zone_name}, and set its id."
            return Outcome("failed", f"there is no hosted zone {zone_id}", remedy)
        self._name_servers = response.get("DelegationSet", {}).get("NameServers")
        return judgements.zone(response, zone_id, zone_name)

    def _stack(self, stack: Stack) -> Outcome:
        state = self.aws.stack(stack.name, stack.region)
        self._states[stack.where] = state
        return judgements.stack(stack.name, state.status)

    def _is_new(self, stack: Stack) -> bool:
        """Return whether a stack has yet to be created. What is not known counts as new."""
        return judgements.creates(self._states.get(stack.where, StackState()).status)

    def _delegation(self) -> Outcome:
        if self._name_servers is None:
            return Outcome("unknown", "the hosted zone's name servers are not known", "See above.")
        return delegation.inspect(self.resolver, self._values["ZoneName"], self._name_servers)

    def _health_checks(self, planned: Sequence[Stack]) -> Outcome:
        needed = sum(stack.count(HEALTH_CHECK) for stack in planned if self._is_new(stack))
        return judgements.room("health checks", *self.aws.health_checks(), needed)

    def _concurrency(self, stack: Stack) -> Outcome:
        # As scheduled readiness reckons.
        needed = 2 * stack.number("WarmConcurrency") + stack.count(FUNCTION)
        limit = self.aws.concurrency(stack.region)
        return judgements.concurrency(limit, needed, stack.reserved())

    def _domain_names(self, stack: Stack) -> Outcome:
        needed = stack.count(DOMAIN_NAME) if self._is_new(stack) else 0
        return judgements.room("custom domain names", *self.aws.domain_names(stack.region), needed)

    def _names(self, stack: Stack) -> Outcome:
        if stack.where not in self._states:
            return Outcome("unknown", "the state of the stack is not known", "See above.")
        names, own = stack.names(), self._states[stack.where].owns
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(zip(names, pool.map(self._exists, names), strict=True))
        taken = [name for name, found in answers if found is True and name.name not in own]
        errors = [found for _, found in answers if isinstance(found, Exception)]
        if errors and not taken:
            raise errors[0]
        return judgements.names(len(names), taken)

    def _exists(self, name: Name) -> bool | Exception:
        try:
            return self.aws.exists(name)
        except (BotoCoreError, ClientError) as error:
            return error
