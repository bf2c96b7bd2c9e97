"""A token mixer of one's own."""
