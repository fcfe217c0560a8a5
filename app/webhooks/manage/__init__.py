"""Adding and removing webhooks, each noted in the moderation log, and how they are doing."""
