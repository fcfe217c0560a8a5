"""The HTTP server of `upvote web`: its socket, its processes, and how they replace each other."""
