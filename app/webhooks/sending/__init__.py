"""Sending the events that webhooks wait for."""
