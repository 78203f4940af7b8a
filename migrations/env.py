"""Alembic's entry: it runs on the connection that ``compliance.kernel.migrations`` hands over."""

from alembic import context

from compliance.kernel.db import Base

given = context.config.attributes
context.configure(connection=given["connection"], target_metadata=Base.metadata, version_table=given["version_table"])
context.run_migrations()
