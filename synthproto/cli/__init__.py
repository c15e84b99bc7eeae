"""The command line: ``python -m synthproto``, one file a subcommand."""
