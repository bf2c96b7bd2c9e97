"""How networks are trained, and on what."""
