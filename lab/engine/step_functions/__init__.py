"""Executions in moto's interpreter, corrected where it differs from AWS."""
