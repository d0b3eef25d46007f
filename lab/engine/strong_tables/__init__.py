"""DynamoDB global tables with multi-Region strong consistency."""
