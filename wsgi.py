"""The application for WSGI servers: ``gunicorn wsgi:app``."""

import gc

from compliance import create_app

app = create_app()
# What is loaded by now stays until the end. The collector need not walk through it again at every turn, and workers
# forked from here go on sharing its memory.
gc.collect()
gc.freeze()
