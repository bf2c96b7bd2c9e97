"""Jobs of a SLURM cluster. SLURM schedules, submitit speaks to it; a job's folder tells what has become of it."""

from __future__ import annotations
