"""The pages of an event: what its organiser sets, the results, and the screen for a projector."""
