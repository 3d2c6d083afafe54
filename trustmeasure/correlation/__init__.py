"""Correlations of every kind, and what makes a matrix of them usable."""
