"""The client with one guard broken at a time: a test must fail. Run by scripts/mutants."""
