"""One module a jurisdiction, each with a `LOADER`. A module put here is found; nothing else is touched."""
