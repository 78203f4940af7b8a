"""Holding the shipped rule sets to what their publishers print."""
