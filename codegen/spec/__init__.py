"""Read a spec: from its bytes to one checked document, with our corrections judged and applied."""
