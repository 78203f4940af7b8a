"""What every room stands on: database, clock, identifiers, money, jobs. No opinion about compliance."""
