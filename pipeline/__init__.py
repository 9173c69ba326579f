"""Wireroom: regional news feeds in, clean articles searchable by actor and region out, and quiet alerts.

The rings, imports going inward only: words (`model`, `urls`), pure (decisions without clock, store or network),
edge (`config`, `fetch`, `archive`, `notify`, `stores`) and wire (`flow`, `cli`, `newsroom`). See docs/design.md.
"""

__version__ = "0.1.0"
