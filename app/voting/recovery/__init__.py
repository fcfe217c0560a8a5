"""What a comparison of Redis with PostgreSQL does about the events that one of them lacks."""
