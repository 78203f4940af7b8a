"""The application for WSGI servers: ``gunicorn wsgi:app``."""

from compliance import create_app

app = create_app()
