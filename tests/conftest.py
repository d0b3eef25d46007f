"""The environment that the template gives every function."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "AWS_REGION": "us-east-2",
    "AWS_DEFAULT_REGION": "us-east-2",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "APP_NAME": "pilot-light",
    "PRIMARY_REGION": "us-west-2",
    "SECONDARY_REGION": "us-east-2",
    "ZONE_NAME": "pilotlight.example",
    "PUBLIC_NAME": "app.pilotlight.example",
    "APP_LEVEL": "2",
    "HEALTH_PATH": "/health",
    "MAX_WRITE_SECONDS": "2",
    "APP_TABLES": "pilot-light-app-items:pk/sk",
    # The example application's own.
    "PILOT_LIGHT_NAME": "pilot-light",
    "ITEMS_TABLE": "pilot-light-app-items",
    "FENCE_SECONDS": "3",
    "JOURNAL_DAYS": "35",
    "WITHOUT_QUORUM": "refuse",
    "WITNESS_REGION": "us-east-1",
    "RELEASE": "test",
    "ALARM_ARNS": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:pilot-light-primary-unhealthy",
    "FAILOVER_MACHINE": "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-failover",
    "SENTINEL_INTERVAL_SECONDS": "10",
    "HOLD_DEADLINE_SECONDS": "3600",
    "COOLDOWN_SECONDS": "900",
    "REHEARSAL_MAX_AGE_DAYS": "8",
    "HEARTBEAT_SECONDS": "20",
    "HEALTHY_MINUTES": "5",
    "RPO_OBJECTIVE_SECONDS": "120",
    "RPO_POLICY": "promote",
    "PEER_BUCKET": "pilot-light-123456789012-us-west-2",
    "BACKUP_VAULT": "pilot-light-backups",
    "TOPIC_ARN": "arn:aws:sns:us-east-2:123456789012:pilot-light-recovery",
    "OTHER_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:pilot-light-recovery",
    "MACHINE_ARNS": "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-failover,"
    "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-switchover",
    "PROBE_QUEUE_URL": "https://sqs.us-east-2.amazonaws.com/123456789012/probes",
    "KEY_ARN": "arn:aws:kms:us-east-2:123456789012:key/4711",
    "ALIASES": "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live",
    "RECOVERY_ALIASES": "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-intake:live",
    "RECOVERIES_TABLE": "pilot-light-recoveries",
    "LEDGER_TABLE": "pilot-light-ledger",
    "DEAD_LETTERS_URL": "https://sqs.us-east-2.amazonaws.com/123456789012/dead-letters",
    "BUCKET": "pilot-light-123456789012-us-east-2",
    "SWITCH_FUNCTION": "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-switch:live",
    "APP_FUNCTIONS": "pilot-light-app:live",
    "WARM_PATHS": "none",
    "HOOKS": ",,,",
    "HOOK_ALIAS": "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-hook:live",
    "WARM_CONCURRENCY": "3",
    "POWERTOOLS_METRICS_NAMESPACE": "PilotLight",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)
os.environ.update(ENVIRONMENT)
