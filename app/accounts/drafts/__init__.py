"""Drafts: what somebody wrote in a form whose session had ended is shown again after signing in."""
