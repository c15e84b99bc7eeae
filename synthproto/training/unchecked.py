"""A way out of run-time type checks, for the few functions that run once a step."""

from beartype import BeartypeConf, BeartypeStrategy, beartype

unchecked = beartype(conf=BeartypeConf(strategy=BeartypeStrategy.O0))
"""Leaves a function without run-time type checks.

Each costs 0.2 to 8 µs a call: dear where a whole step takes 50 µs, and what comes in here was
checked when the parts were made.
"""
