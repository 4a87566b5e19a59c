"""The commands: each calls the room that does the work and prints what it gave.

Rooms are imported inside the commands, so that each command loads only what it needs.
"""
