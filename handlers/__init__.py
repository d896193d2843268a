"""Translate triggers into use cases and their results into answers; decide nothing."""
