"""The repair of what an audit has found, from the truth outwards."""
