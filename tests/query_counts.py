"""How many queries a page may take, as `query_counts.json` has it.

with query_budget("inbox"):
    client.get("/inbox/open/")
"""

import contextlib
import json
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

BUDGETS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


@contextlib.contextmanager
def query_budget(page):
    """Fails when the block takes more queries than the page's budget; yields what it took."""
    with CaptureQueriesContext(connection) as taken:
        yield taken
    queries = [query["sql"] for query in taken.captured_queries]
    assert len(queries) <= BUDGETS[page], f"{page}: {len(queries)} queries\n" + "\n".join(queries)
