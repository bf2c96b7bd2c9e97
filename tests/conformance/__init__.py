"""What every member of a family must do, plugins' members included: see `suite`."""
