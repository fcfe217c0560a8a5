"""Stands in front of rich; the import fails as if there were none."""

raise ImportError("rich is hidden")
