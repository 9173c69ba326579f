"""Print the workspace: `python -m pipeline.workspace > config/kibana/wireroom.ndjson`."""

from __future__ import annotations

import sys

from pipeline.workspace import ndjson

sys.stdout.buffer.write(ndjson())
