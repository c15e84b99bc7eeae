"""Measures: pure numerics on arrays; no frames, no tables."""
