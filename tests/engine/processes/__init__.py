"""Processes that exist only for the tests of the engine."""
