"""Mail, where SMTP_URL is set: an address on an account, and links to set a new password by mail."""
