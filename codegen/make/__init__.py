"""Make a package: from a checked document to generated Python that is proved to be whole."""
