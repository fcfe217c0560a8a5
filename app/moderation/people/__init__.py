"""The list of accounts for admins, with what each has voted on."""
