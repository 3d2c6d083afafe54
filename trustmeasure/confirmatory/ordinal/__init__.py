"""Models of ordered items: thresholds, polychoric correlations, weighted least squares."""
