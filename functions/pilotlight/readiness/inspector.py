"""The checks of scheduled readiness. Each is bounded in time by its client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat, http
from pilot_light_client.timestamps import milliseconds

from pilotlight.hooks.hook import CHECK
from pilotlight.readiness import inspection
from pilotlight.readiness.checks import HTTPS_SECONDS, certificate, run
from pilotlight.readiness.recorded_signals import plain_item
from pilotlight.readiness.verdict import CheckResult, Outcome
from pilotlight.recoveries import schema
from pilotlight.shared.invoke import InvocationFailed, invoke
from pilotlight.warming.pings import NoEnvironment, environment
from pilotlight.warming.waves import name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from pilot_light_client.heartbeat_table import Heartbeats

    from pilotlight.control.table import ControlTable
    from pilotlight.hooks.hook import Hook
    from pilotlight.readiness.checks import Check
    from pilotlight.shared.app_tables import AppTable
    from pilotlight.shared.settings import Deployment

CERTIFICATE_DAYS = 21
# API Gateway's account-level throttle, requests per second (Service Quotas: "Throttle rate").
API_QUOTA = ("apigateway", "L-8A5B8E43")


@dataclass(frozen=True)
class Inspector:
    """What is checked, and by which clients."""

    deployment: Deployment
    heartbeats: Heartbeats
    control: ControlTable
    client: Callable[[str, str], Any]
    witness_region: str
    recoveries_table: str
    bucket: str
    peer_bucket: str
    backup_vault: str
    topic: str
    key: str
    aliases: list[str]
    recovery_aliases: list[str]
    hooks: Mapping[str, Hook]
    hook_alias: str
    warm_concurrency: int
    rehearsal_max_age: timedelta
    rto_target: float

    def checks(self) -> list[Check]:
        """List the checks. Required: if it fails, so does a recovery, or nobody is notified."""
        here, primary = self.deployment.region, self.deployment.primary_region
        host = self.deployment.region_name(here)
        return [
            (
                f"table {self.deployment.journal_table}",
                True,
                partial(self._table, self.deployment.journal_table, primary),
            ),
            *(
                (f"table {table.name}", True, partial(self._app_table, table))
                for table in self.deployment.app_tables
            ),
            ("control_table", True, self._control_table),
            ("control_witness", False, self._control_witness),
            ("control_item", True, lambda: inspection.control_item(self.control.read())),
            ("automation", True, self._automation),
            ("recoveries_table", True, lambda: self._table(self.recoveries_table, None)),
            ("functions", True, self._functions),
            ("recovery_functions", True, self._recovery_functions),
            *(
                (f"hook {phase}", hook.required, partial(self._hook, hook))
                for phase, hook in self.hooks.items()
            ),
            ("concurrency_quota", True, self._concurrency),
            ("certificate", True, lambda: certificate(host, CERTIFICATE_DAYS)),
            ("public_name", True, self._public_name),
            ("notification_key", True, self._notification_key),
            ("bucket_replication", True, lambda: self._replication(here)),
            ("subscribers", False, self._subscribers),
            ("concurrency_parity", False, self._concurrency_parity),
            ("api_quota_parity", False, self._api_quota_parity),
            ("release_parity", False, self._releases),
            ("backup_copies", False, self._backup),
            ("primary_bucket_replication", False, lambda: self._replication(primary)),
            ("primary_heartbeats", False, self._heartbeats),
            ("last_rehearsal", False, self._rehearsal),
            ("rto_forecast", False, self._rto_forecast),
            *([("journal_compared", False, self._journal)] if self.deployment.journaled else []),
        ]

    def inspect(self, seconds: float) -> list[CheckResult]:
        """Run all checks at once. What was not answered, or not in time, is unknown."""
        checks, pool = self.checks(), ThreadPoolExecutor(16)
        futures = [pool.submit(run, check, "unknown") for check in checks]
        wait(futures, timeout=seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        late = f"no answer within {seconds:g} s"
        return [
            f.result()
            if f.done() and not f.cancelled()
            else CheckResult(name, required, "unknown", late)
            for f, (name, required, _) in zip(futures, checks, strict=True)
        ]

    def _own(self, service: str) -> Any:
        return self.client(self.deployment.region, service)

    def _description(self, table: str) -> dict[str, Any]:
        description: dict[str, Any] = self._own("dynamodb").describe_table(TableName=table)["Table"]
        return description

    def _table(self, name: str, peer: str | None) -> Outcome:
        return inspection.table(self._description(name), self.deployment.region, peer)

    def _app_table(self, table: AppTable) -> Outcome:
        here, primary = self.deployment.region, self.deployment.primary_region
        return inspection.app_table(self._description(table.name), here, primary, table.key)

    def _control_table(self) -> Outcome:
        here, primary = self.deployment.region, self.deployment.primary_region
        description = self._description(self.deployment.control_table)
        return inspection.strong(description, here, primary, self.witness_region)

    def _control_witness(self) -> Outcome:
        description = self._description(self.deployment.control_table)
        return inspection.witness(description, self.witness_region)

    def _functions(self) -> Outcome:
        lambda_ = self._own("lambda")
        configurations = {
            name(arn): lambda_.get_function_configuration(FunctionName=arn) for arn in self.aliases
        }
        return inspection.functions(configurations)

    def _recovery_functions(self) -> Outcome:
        """Ping each function of the recovery path, which also keeps an environment for it."""
        errors = {}
        for arn in self.recovery_aliases:
            try:
                environment(self._own("lambda"), arn, hold_ms=0)
            except (InvocationFailed, NoEnvironment) as error:
                errors[name(arn)] = str(error)
        return inspection.answers(len(self.recovery_aliases), errors)

    def _hook(self, hook: Hook) -> Outcome:
        """Let the function that calls hooks try it: it has the role that calls them."""
        asked = {"phase": hook.phase, "mode": CHECK}
        return inspection.hook(hook.function, invoke(self._own("lambda"), self.hook_alias, asked))

    def _limit(self, region: str) -> dict[str, int]:
        limit: dict[str, int] = self.client(region, "lambda").get_account_settings()["AccountLimit"]
        return limit

    def _concurrency(self) -> Outcome:
        unreserved = self._limit(self.deployment.region)["UnreservedConcurrentExecutions"]
        # Twice what is warmed, to leave room for users, and the steps of the recovery beside it.
        return inspection.concurrency(unreserved, 2 * self.warm_concurrency + len(self.aliases))

    def _concurrency_parity(self) -> Outcome:
        own, peer = (
            self._limit(region)["ConcurrentExecutions"]
            for region in (self.deployment.region, self.deployment.primary_region)
        )
        return inspection.parity("concurrent executions", own, peer)

    def _api_quota_parity(self) -> Outcome:
        service, code = API_QUOTA
        own, peer = (
            self.client(region, "service-quotas").get_service_quota(
                ServiceCode=service, QuotaCode=code
            )["Quota"]["Value"]
            for region in (self.deployment.region, self.deployment.primary_region)
        )
        return inspection.parity("requests per second", own, peer)

    def _public_name(self) -> Outcome:
        """Request the health here under the public name, as users will once it leads here."""
        here = self.deployment.region
        url = self.deployment.health_url(self.deployment.public_name)
        try:
            answer = http.request(
                "GET", url, timeout=HTTPS_SECONDS, at=self.deployment.origin_name(here)
            )
        except http.Unreachable as error:
            return "failed", f"{url}, asked in {here}: {error}"
        return inspection.public_name(url, answer.status, answer.json(), here)

    def _release(self, region: str) -> str | None:
        url = self.deployment.health_url(self.deployment.region_name(region))
        health = http.request("GET", url, timeout=HTTPS_SECONDS).json()
        return health.get("release") if isinstance(health, dict) else None

    def _releases(self) -> Outcome:
        own, peer = map(self._release, (self.deployment.region, self.deployment.primary_region))
        return inspection.releases(own, peer)

    def _notification_key(self) -> Outcome:
        self._own("kms").generate_data_key(KeyId=self.key, KeySpec="AES_256")
        return "ok", "it returned a data key"

    def _replication(self, region: str) -> Outcome:
        ours = (self.bucket, self.peer_bucket)
        bucket, peer = ours if region == self.deployment.region else ours[::-1]
        response = self.client(region, "s3").get_bucket_replication(Bucket=bucket)
        return inspection.replication(response["ReplicationConfiguration"]["Rules"], peer)

    def _subscribers(self) -> Outcome:
        response = self._own("sns").list_subscriptions_by_topic(TopicArn=self.topic)
        return inspection.subscribers([s["SubscriptionArn"] for s in response["Subscriptions"]])

    def _backup(self) -> Outcome:
        points = self._own("backup").list_recovery_points_by_backup_vault(
            BackupVaultName=self.backup_vault, MaxResults=100
        )["RecoveryPoints"]
        return inspection.backup([p["CreationDate"] for p in points], datetime.now(UTC))

    def _heartbeats(self) -> Outcome:
        now, primary = milliseconds(), self.deployment.primary_region
        replica = heartbeat.replica_state(self.heartbeats.read_all(primary), now)
        active = self.control.read().active_region == primary
        return inspection.heartbeats(replica["oldest_written_at"], now, active=active)

    def _automation(self) -> Outcome:
        sentinel = plain_item(self._own("dynamodb"), self.recoveries_table, schema.SENTINEL)
        return inspection.automation(sentinel, datetime.now(UTC))

    def _journal(self) -> Outcome:
        control = self.control.read()
        key = f"{schema.WATERMARK}{control.active_region}#{control.epoch}"
        mark = plain_item(self._own("dynamodb"), self.recoveries_table, key)
        return inspection.journal(mark, control, datetime.now(UTC))

    def _rehearsal(self) -> Outcome:
        return inspection.rehearsal(
            self._last_rehearsal(), datetime.now(UTC), self.rehearsal_max_age
        )

    def _rto_forecast(self) -> Outcome:
        return inspection.rto_forecast(self._last_rehearsal(), self.rto_target)

    def _last_rehearsal(self) -> dict[str, Any]:
        return plain_item(self._own("dynamodb"), self.recoveries_table, schema.REHEARSAL)
