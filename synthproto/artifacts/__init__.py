"""Artifacts: scores, arrays and plots that compare a synthetic table with the real one."""
