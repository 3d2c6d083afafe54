"""Models with two levels: persons within clusters, and the clusters."""
