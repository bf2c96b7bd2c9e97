"""What every test shares."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Two busy cores may be slow without anything being wrong.
settings.register_profile("archspec", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("archspec")
