"""scripts/rehearse: the spec changes, and everything still works."""
