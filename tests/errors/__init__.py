"""Mistakes people make, and what they are told."""
