"""People and the organisations, teams and roles that say what they may do."""
