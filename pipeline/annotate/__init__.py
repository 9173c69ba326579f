"""Name the actors and the places of an article, each with where it stands and the sentence that proves it.

Both are stages over one kind of reading: the candidates of all names, overlapping or not, become claims; claims that
may not stand are dropped; of what is left the longest wins, so that Kataib Hezbollah leaves no Hezbollah. Title and
text are read each on their own; what decides between readings may stand in either.
"""

from pipeline.annotate.actors import Actors
from pipeline.annotate.regions import Regions
from pipeline.annotate.sentences import Sentences

__all__ = ["Actors", "Regions", "Sentences"]
