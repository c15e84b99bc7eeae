"""Proof at run time that parts are what their annotations declare; it knows no other room."""
