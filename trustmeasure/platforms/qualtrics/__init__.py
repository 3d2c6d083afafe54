"""Qualtrics: reading its exports, and writing simulated ones."""
