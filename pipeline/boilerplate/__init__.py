"""What an outlet repeats from page to page, learned from its own pages, as values; no store, no text kept.

A page is remembered as a digest: hashes of the blocks of the whole page with the slots they stand in. The 50 pages of
an outlet nearest in time to an article tell which of its lines stand on other pages too, and which stand where that
outlet puts links and repeated text. What they tell is the article's recall; `pipeline.clean` acts on it.
"""

from pipeline.boilerplate.digest import digest
from pipeline.boilerplate.letters import letters, letters_of_lines
from pipeline.boilerplate.recall import WINDOW, Recall, Told, carried, recalls, told

__all__ = ["WINDOW", "Recall", "Told", "carried", "digest", "letters", "letters_of_lines", "recalls", "told"]
