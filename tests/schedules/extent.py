"""How much of the long tests runs: a sample in `make test`, all of it in `make test-time`."""

import os

ALL = os.environ.get("TIME") == "all"
EXAMPLES = 10_000 if ALL else 300
SHARDS = 20 if ALL else 2
