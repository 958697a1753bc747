"""The usage of many billing ids by the workers of a Dask cluster, into Parquet or PostgreSQL.

For what is more than one machine can do. Ids travel to the workers a partition at a time, and usage
goes from there to where it is kept: neither all ids nor their usage are ever in one place's memory.
"""

from oneloop.cluster.run import sync

__all__ = ["sync"]
