"""Channel mlps, one file a kind."""
