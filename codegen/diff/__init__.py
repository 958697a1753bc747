"""Tell two specs, or two generated packages, apart in words and levels."""
