"""The embedded store in a browser: Datasette, read-only, with a page to read on, a map, a timeline and a feed.

Datasette brings tables, facets, SQL, JSON and CSV; what is added here is a plugin of it. It belongs to the wire ring:
it knows the search of the embedded store, the names of the configuration and the words in which `check` explains.
"""

from pipeline.browse.serve import listen, serve
from pipeline.browse.window import window

__all__ = ["listen", "serve", "window"]
