"""Usage into a database: `oneloop.sync.sync` fetches the usage of billing ids and keeps it there.

The tables, in DuckDB and PostgreSQL alike:

    billing_usage          billing_id text, day date, name text, total numeric(38, 0),
                           changed_at timestamptz; the key is billing_id, day, name
    billing_usage_history  what a figure was before: the same columns, and replaced_at timestamptz
    billing_usage_ids      billing_id text (the key), fetched_at timestamptz, error text

`changed_at` says since when a figure is what it is. A row of the history was true from `changed_at`
to `replaced_at`; where the row isn't in `billing_usage` any more, the API no longer gave it.
`fetched_at` is when the usage of an id was stored last; `error` what came in its place since then.
The times are the database's own. `billing_usage_layout` holds the version of these tables.
"""

from oneloop.sync.run import SyncResult, sync

__all__ = ["SyncResult", "sync"]
