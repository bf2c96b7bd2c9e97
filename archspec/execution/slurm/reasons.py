"""What SLURM means by its words, and what to do."""

from __future__ import annotations

STUCK = {
    "PartitionConfig": "no node of the partition has what is asked for: look at `resources` and `gres` (`sinfo -Ne`)",
    "PartitionTimeLimit": "the partition does not let jobs run that long",
    "PartitionNodeLimit": "the partition does not let a job have so many nodes",
    "BadConstraints": "no node is what `constraint` and the resources say together",
    "InvalidAccount": "the account may not be used, or is none: `sacctmgr show assoc user=$USER`",
    "PartitionDown": "the partition takes no jobs now: `sinfo` says more",
    "PartitionInactive": "the partition takes no jobs now: `sinfo` says more",
    "JobHeldUser": "somebody holds it back: `scontrol release` lets it go",
    "JobHeldAdmin": "an administrator of the cluster holds it back, and can tell why",
    "InvalidQOS": "the quality of service may not be used, or is none: `sacctmgr show qos`",
}
"""Reasons for which a job waits until somebody sees to it, and what is meant."""
REFUSED = {
    "node configuration is not available": "no node has as much: look at `resources`, `nodes`, `gres` (`sinfo -Ne`)",
    "Memory specification": "no node has that much memory; without `resources.memory` a run asks for what it needs",
    "nvalid account": "name one of yours, `options: {account: …}`: `sacctmgr show assoc user=$USER`",
    "nvalid qos": "name one of yours, `options: {qos: …}`: `sacctmgr show qos`",
    "nvalid partition": "`sinfo` lists them",
    "ime limit": "`sinfo` lists how long the partitions let jobs run",
    "unrecognized option": "`options` are those of sbatch without their dashes: {mail-type: END}",
}
"""What sbatch says against a job, in part, and what to do."""


def hint(said: str) -> str:
    """What to do about what sbatch said; nothing where nobody knows."""
    return next((hint for part, hint in REFUSED.items() if part in said), "")
