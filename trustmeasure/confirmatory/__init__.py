"""Confirmatory factor and structural equation models, in the language of lavaan."""
