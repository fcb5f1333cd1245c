"""How gunicorn serves the pages, here and in the container: threads, short waits, few copies."""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# The workers share the memory of what was loaded before they were forked.
preload_app = True
timeout = 30
graceful_timeout = 5
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_field_size = 8190
limit_request_fields = 100
control_socket_disable = True
