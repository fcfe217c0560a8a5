"""The HTTP server of `upvote web`: its listening socket, its processes, and how they take turns."""
