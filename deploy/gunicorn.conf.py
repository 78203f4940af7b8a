"""How gunicorn serves the desk behind a proxy that buffers."""

import gc
import os

bind = os.environ.get("COUNTERSIGN_BIND", "0.0.0.0:8000")
workers = int(os.environ.get("COUNTERSIGN_WORKERS", "2"))
worker_class = "gthread"
threads = 4
# Whoever asks has had an answer by then, or a 503: a database that is locked is waited for eight seconds at most.
timeout = 30
# A stop begins nothing new and finishes what was begun.
graceful_timeout = 10
keepalive = 30
# Workers are renewed now and then, not all at once.
max_requests = 20_000
max_requests_jitter = 2_000
# Heartbeats on a disk would stop a worker whenever the disk does.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - its files have no name that anybody could guess or open
# The application has a log of its own, which tells no address and no query.
accesslog = None
limit_request_line = 8_190
limit_request_fields = 64


def post_worker_init(worker: object) -> None:
    """Spare the collector what stays until the end anyway, and let it look for cycles less than once a request."""
    del worker
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
