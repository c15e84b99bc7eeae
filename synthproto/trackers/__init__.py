"""Trackers: where scores, arrays, plots and texts go. Each is one file, and fits by shape."""
