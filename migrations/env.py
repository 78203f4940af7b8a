"""Alembic's entry: it runs on the connection that ``compliance.kernel.migrations`` hands over."""

from alembic import context

from compliance.kernel.db import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
