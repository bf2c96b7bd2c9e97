"""Every command, where its function lives, and the line that introduces it. Nothing is imported to list them."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A command that has not been imported: `module:attribute` and a summary."""

    target: str
    summary: str


COMMANDS = {
    "init": Entry("archspec.cli.init:init", "An arch, a recipe and a study to begin with, for your own images."),
    "ls": Entry("archspec.cli.ls:ls", "What has a name: archs, mixers, norms, studies …"),
    "show": Entry("archspec.cli.show:show", "An arch, stage by stage, with what each part costs."),
    "profile": Entry("archspec.cli.profile:profile", "What archs cost: parameters, MACs, activation memory."),
    "diff": Entry("archspec.cli.diff:diff", "What differs between two archs, and what that costs."),
    "train": Entry("archspec.cli.train:train", "Train an arch by a recipe, and test it."),
    "evaluate": Entry("archspec.cli.evaluate:evaluate", "How well a trained network does, also at other sizes."),
    "logs": Entry("archspec.cli.logs:logs", "What a run said, and says."),
    "export": Entry("archspec.cli.export:export", "A network in one file, also as ONNX or a torch program."),
    "study": Entry("archspec.cli.study.group:study", "Say what to vary, and get the table."),
    "space": Entry("archspec.cli.space.group:space", "What a search may choose from, and what it costs."),
    "dashboard": Entry("archspec.cli.dashboard:dashboard", "What the studies have taught so far, in a browser, live."),
    "store": Entry("archspec.cli.store.group:store", "What is kept: rebuild its index, tidy, export, import."),
    "check": Entry("archspec.cli.check:check", "Every mistake in YAML files, each at its own line."),
    "schema": Entry("archspec.cli.schema:schema", "The JSON Schema of a document, for editors."),
    "doctor": Entry("archspec.cli.doctor:doctor", "Whether this machine and this installation are fit for work."),
}
"""In the order in which one meets them."""

STUDY_COMMANDS = {
    "plan": Entry("archspec.cli.study.plan:plan", "What would run, and what it would cost."),
    "run": Entry("archspec.cli.study.run:run", "Run what is missing, and end with the table."),
    "status": Entry("archspec.cli.study.status:status", "What has become of every run."),
    "report": Entry("archspec.cli.study.report:report", "The table, the figures, and what they say."),
    "cancel": Entry("archspec.cli.study.stopping:cancel", "Stop runs, or all of them; their checkpoints stay."),
    "retry": Entry("archspec.cli.study.stopping:retry", "Run again what failed or was cancelled."),
    "promote": Entry("archspec.cli.study.promote:promote", "A search's candidate as an arch of its own."),
}
"""The commands of `archspec study`."""

SPACE_COMMANDS = {
    "show": Entry("archspec.cli.space.show:show", "Its decisions and conditions."),
    "size": Entry("archspec.cli.space.size:size", "How many candidates there are, and what they cost."),
    "sample": Entry("archspec.cli.space.sample:sample", "Candidates as YAML."),
    "check": Entry("archspec.cli.space.check:check", "Every mistake in it, each at its own line."),
}
"""The commands of `archspec space`."""

STORE_COMMANDS = {
    "rebuild": Entry("archspec.cli.store.rebuild:rebuild", "Read every run again and make the index anew."),
    "gc": Entry("archspec.cli.store.gc:gc", "What the store can do without."),
    "export": Entry("archspec.cli.store.packing:export", "Finished runs in one file."),
    "import": Entry("archspec.cli.store.packing:import_", "Take in what another store has exported."),
}
"""The commands of `archspec store`."""
