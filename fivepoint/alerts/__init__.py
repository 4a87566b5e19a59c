"""The answer to a fall: ask the person, then tell contacts, until somebody takes care of it."""
