"""CloudWatch, EventBridge, Scheduler and SQS."""
