"""A worker: `python -m archspec.execution.worker TARGET [CORES]`. It reads folders, one a line, and answers each.

What jobs print goes to standard error; only answers go to where its standard output was. It leaves when its input
ends, after the job it is at: whoever started it may have died, and what it does is kept in the job's folder.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module

from archspec.execution.jobs import call


def main(target: str, cores: str = "") -> None:
    """Do jobs until there are no more."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import_module(target.partition(":")[0])
    for line in sys.stdin:
        answer, said = {"code": 0, "error": ""}, json.loads(line)
        os.environ |= said["environment"]
        try:
            answer["code"] = call(target, said["folder"])
        except KeyboardInterrupt:
            return
        # Whatever a job does wrong, the worker is there for the next one.
        except BaseException:
            answer = {"code": 1, "error": traceback.format_exc()}
        try:
            answers.write(json.dumps(answer) + "\n")
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
