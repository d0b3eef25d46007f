"""Looks at what scheduled readiness judges. Each look is bounded in time by its client."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilotlight.readiness import inspection
from pilotlight.readiness.inspection import Finding, Judged
from pilotlight.recoveries import schema
from pilotlight.replication import heartbeat
from pilotlight.shared import http
from pilotlight.shared.invoke import InvocationFailed
from pilotlight.warming.pings import NoEnvironment, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from pilotlight.control.table import ControlTable
    from pilotlight.replication.heartbeat_table import Heartbeats
    from pilotlight.shared.settings import Deployment

HTTPS_SECONDS = 2.0
# API Gateway's account-level throttle, requests per second (Service Quotas: "Throttle rate").
API_QUOTA = ("apigateway", "L-8A5B8E43")
Look = tuple[str, bool, "Callable[[], Judged]"]


@dataclass(frozen=True)
class Inspector:
    """What is looked at, and by which clients."""

    known: Deployment
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
    warm_concurrency: int
    rehearsal_max_age: timedelta

    def looks(self) -> list[Look]:
        """List what is looked at. Required: without it a recovery fails, or nobody hears of it."""
        known = self.known
        return [
            ("items_table", True, lambda: self._table(known.items_table, known.primary_region)),
            ("control_table", True, lambda: inspection.strong(*self._control_table())),
            ("control_witness", False, lambda: inspection.witness(*self._control_table())),
            ("control_item", True, lambda: inspection.control_item(self.control.read())),
            ("automation", True, self._automation),
            ("recoveries_table", True, lambda: self._table(self.recoveries_table, None)),
            ("functions", True, self._functions),
            ("recovery_functions", True, self._recovery_functions),
            ("concurrency_quota", True, self._concurrency),
            ("certificate", True, self._certificate),
            ("notification_key", True, self._notification_key),
            ("bucket_replication", True, lambda: self._replication(known.region)),
            ("subscribers", False, self._subscribers),
            ("concurrency_parity", False, self._concurrency_parity),
            ("api_quota_parity", False, self._api_quota_parity),
            ("release_parity", False, self._releases),
            ("backup_copies", False, self._backup),
            ("primary_bucket_replication", False, lambda: self._replication(known.primary_region)),
            ("primary_heartbeats", False, self._heartbeats),
            ("last_rehearsal", False, self._rehearsal),
        ]

    def inspect(self, seconds: float) -> list[Finding]:
        """Look at everything at once. What has not answered in time is unknown."""
        looks, pool = self.looks(), ThreadPoolExecutor(16)
        futures = [pool.submit(_found, look) for look in looks]
        wait(futures, timeout=seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        late = f"no answer within {seconds:g} s"
        return [
            f.result() if f.done() and not f.cancelled() else Finding(name, req, "unknown", late)
            for f, (name, req, _) in zip(futures, looks, strict=True)
        ]

    def _own(self, service: str) -> Any:
        return self.client(self.known.region, service)

    def _table(self, name: str, peer: str | None) -> Judged:
        found = self._own("dynamodb").describe_table(TableName=name)["Table"]
        return inspection.table(found, self.known.region, peer)

    def _control_table(self) -> tuple[dict[str, Any], str, str, str]:
        known, name = self.known, self.known.control_table
        found: dict[str, Any] = self._own("dynamodb").describe_table(TableName=name)["Table"]
        return found, known.region, known.primary_region, self.witness_region

    def _functions(self) -> Judged:
        lambda_ = self._own("lambda")
        found = {
            arn.split(":function:")[-1]: lambda_.get_function_configuration(FunctionName=arn)
            for arn in self.aliases
        }
        return inspection.functions(found)

    def _recovery_functions(self) -> Judged:
        """Ping each function of the recovery path, which also keeps an environment for it."""
        silent = {}
        for arn in self.recovery_aliases:
            try:
                environment(self._own("lambda"), arn, hold_ms=0)
            except (InvocationFailed, NoEnvironment) as error:
                silent[arn.split(":function:")[-1]] = str(error)
        return inspection.answers(len(self.recovery_aliases), silent)

    def _limit(self, region: str) -> dict[str, int]:
        found: dict[str, int] = self.client(region, "lambda").get_account_settings()["AccountLimit"]
        return found

    def _concurrency(self) -> Judged:
        unreserved = self._limit(self.known.region)["UnreservedConcurrentExecutions"]
        # The app and the switch are warmed at once, beside the steps of the recovery.
        return inspection.concurrency(unreserved, 2 * self.warm_concurrency + len(self.aliases))

    def _concurrency_parity(self) -> Judged:
        own, peer = (
            self._limit(region)["ConcurrentExecutions"]
            for region in (self.known.region, self.known.primary_region)
        )
        return inspection.parity("concurrent executions", own, peer)

    def _api_quota_parity(self) -> Judged:
        service, code = API_QUOTA
        own, peer = (
            self.client(region, "service-quotas").get_service_quota(
                ServiceCode=service, QuotaCode=code
            )["Quota"]["Value"]
            for region in (self.known.region, self.known.primary_region)
        )
        return inspection.parity("requests per second", own, peer)

    def _release(self, region: str) -> str | None:
        url = f"https://{self.known.region_name(region)}/health"
        found = http.request("GET", url, timeout=HTTPS_SECONDS).json()
        return found.get("release") if isinstance(found, dict) else None

    def _releases(self) -> Judged:
        own, peer = map(self._release, (self.known.region, self.known.primary_region))
        return inspection.releases(own, peer)

    def _certificate(self) -> Judged:
        host = self.known.region_name(self.known.region)
        return inspection.certificate(http.certificate_end(host, HTTPS_SECONDS), _now())

    def _notification_key(self) -> Judged:
        self._own("kms").generate_data_key(KeyId=self.key, KeySpec="AES_256")
        return "ok", "it gave a data key"

    def _replication(self, region: str) -> Judged:
        ours = (self.bucket, self.peer_bucket)
        bucket, peer = ours if region == self.known.region else ours[::-1]
        found = self.client(region, "s3").get_bucket_replication(Bucket=bucket)
        return inspection.replication(found["ReplicationConfiguration"]["Rules"], peer)

    def _subscribers(self) -> Judged:
        found = self._own("sns").list_subscriptions_by_topic(TopicArn=self.topic)
        return inspection.subscribers([s["SubscriptionArn"] for s in found["Subscriptions"]])

    def _backup(self) -> Judged:
        found = self._own("backup").list_recovery_points_by_backup_vault(
            BackupVaultName=self.backup_vault, MaxResults=100
        )
        return inspection.backup([p["CreationDate"] for p in found["RecoveryPoints"]], _now())

    def _heartbeats(self) -> Judged:
        now = int(_now().timestamp() * 1000)
        held = heartbeat.replica_state(self.heartbeats.read_all(self.known.primary_region), now)
        active = self.control.read().active_region == self.known.primary_region
        return inspection.heartbeats(held["oldest_written_at"], now, active=active)

    def _item(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._own("dynamodb").get_item(
            TableName=self.recoveries_table, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        return dict(found.get("Item", {}))

    def _automation(self) -> Judged:
        return inspection.automation(self._item(schema.SENTINEL), _now())

    def _rehearsal(self) -> Judged:
        last = {k: v["S"] for k, v in self._item(schema.REHEARSAL).items() if "S" in v}
        return inspection.rehearsal(last, _now(), self.rehearsal_max_age)


def _found(look: Look) -> Finding:
    """Look at one thing. What raises could not be seen: that is unknown, and no error of all."""
    name, required, action = look
    start = time.monotonic()
    try:
        state, detail = action()
    except Exception as error:
        state, detail = "unknown", f"{type(error).__name__}: {error}"
    return Finding(name, required, state, detail[:200], round(time.monotonic() - start, 3))


def _now() -> datetime:
    return datetime.now(UTC)
