"""Ink on pixels: histograms, bars and curves on a kept background; arrays in, pictures out."""
