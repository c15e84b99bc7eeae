"""Pictures of panels, drawn by matplotlib: frozen values in, PNG, SVG, PDF or a Figure out."""
