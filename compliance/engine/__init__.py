"""The engine: processes declare themselves in its words, and it alone opens and moves cases."""
