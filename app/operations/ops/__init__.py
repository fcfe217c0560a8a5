"""What operators look at: figures for Prometheus, and a page."""
