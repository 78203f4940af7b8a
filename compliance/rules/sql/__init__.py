"""The rule sets as SQL: the same decisions over a column of answers each, for millions of them at once."""
