"""Messages to people: rows written with the change that causes them, delivered by jobs after it."""
