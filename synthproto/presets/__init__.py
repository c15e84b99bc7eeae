"""Presets: plans that are ready to use, and those that reproduce what others compute."""
