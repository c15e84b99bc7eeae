"""Plots: how real and synthetic differ, to the eye."""
