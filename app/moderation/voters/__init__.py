"""Who voted on a project, and when, for admins."""
