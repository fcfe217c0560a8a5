"""Health checks of everything that the board needs, with advice for each check that fails."""
