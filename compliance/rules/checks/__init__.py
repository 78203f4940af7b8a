"""Compliance checks as data: when a law applies, which duties follow, and by when."""
