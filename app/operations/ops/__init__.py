"""Monitoring for operators: /metrics for Prometheus, and the page /ops."""
