"""`python -m app.commands` is `upvote`."""

from app.commands import main

main()
