"""The store in Elasticsearch: articles in monthly indices behind the alias `news`, state in `wireroom-*`."""

from pipeline.stores.elastic.store import ElasticStore

__all__ = ["ElasticStore"]
