"""The outermost frame: exit codes, no tracebacks, quiet ends, colours only where they belong."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archspec.cli import root
from archspec.errors import WeightsError
from tests.cli.conftest import ANSI, Run, in_terminal, process

INTERRUPTED = """
import archspec.cli.console as console
def stuck(text=""):
    print("ready", flush=True)
    import time
    time.sleep(60)
console.out = stuck
from archspec.cli import main
main()
"""


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["show", "caformer_s8"], 1, "did you mean `caformer_s18`?"),
        (["show", "nowhere.yaml"], 1, "nowhere.yaml"),
        (["show", "empty.yaml"], 1, "ARC006"),
        (["show", "binary.yaml"], 1, "ARC00"),
        (["show", "."], 1, "there is no arch named `.`"),
        (["show", "folder.yaml"], 1, "ARC001"),
        (["profile", "tiny.yaml", "nothing"], 1, "ARC102"),
        (["show", "tiny.yaml", "--size", "30"], 1, "ARC301"),
        (["show", "tiny.yaml", "--size", "0"], 2, "is not an image size"),
        (["show", "tiny.yaml", "--size", "12x"], 2, "is not an image size"),
        (["show", "tiny.yaml", "--siez", "3"], 2, "--size"),
        (["show"], 2, "Missing argument"),
        (["shwo"], 2, "did you mean `show`?"),
        ([], 2, "Usage"),
        (["check", "empty.yaml"], 1, "ARC006"),
        (["schema", "--out", "tiny.yaml"], 2, "tiny.yaml"),
    ],
)
def test_bad_input_is_answered_in_words(args: list[str], code: int, said: str, desk: Path, run: Run) -> None:
    (desk / "empty.yaml").write_text("")
    (desk / "binary.yaml").write_bytes(bytes(range(256)))
    (desk / "folder.yaml").mkdir()
    assert said in run(*args, code=code).output


def test_data_goes_to_stdout_and_talk_to_stderr() -> None:
    good, bad = process("show", "tiny.yaml"), process("show", "caformer_s8")
    assert good.stdout
    assert not good.stderr
    assert bad.stderr
    assert not bad.stdout


def test_other_errors_of_ours_take_one_line(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def fail(*args: object) -> None:
        raise WeightsError("three tensors are missing")

    monkeypatch.setattr("archspec.spec.api.load", fail)
    assert run("show", "tiny.yaml", code=1).stderr == "Error: three tensors are missing\n"


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write anywhere")
def test_what_the_system_refuses_takes_one_line(desk: Path, run: Run) -> None:
    (desk / "locked").mkdir(mode=0o500)
    assert run("schema", "--out", "locked/deep", code=1).stderr == "Error: locked/deep: permission denied\n"


def test_what_the_disk_refuses_takes_one_line(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", "arch.json")

    monkeypatch.setattr(Path, "write_text", full)
    assert run("schema", "--out", "here", code=1).stderr == "Error: arch.json: no space left on device\n"


def test_ctrl_c_is_quiet() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, "profile", "tiny.yaml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=300)
    assert (child.returncode, err) == (root.INTERRUPTED, b"")


def test_a_reader_who_leaves_is_no_error() -> None:
    script = f"{shlex.quote(sys.executable)} -m archspec ls mixers | true; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() in (str(root.BROKEN_PIPE), "0")
    assert "Traceback" not in answer.stderr
    assert "Error" not in answer.stderr


def test_a_reader_who_left_long_ago_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.Popen(
        [sys.executable, "-m", "archspec", "show", "tiny.yaml"], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    _, err = child.communicate(timeout=300)
    assert (child.returncode, err) == (root.BROKEN_PIPE, b"")


def test_what_is_piped_has_no_colours_and_a_terminal_has() -> None:
    assert not ANSI.search(process("show", "tiny.yaml").stdout)
    assert ANSI.search(in_terminal(["show", "tiny.yaml"]))


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("args", [["show", "tiny.yaml"], ["show", "nothing"], ["profile", "tiny.yaml"]], ids=" ".join)
def test_colours_can_be_refused(args: list[str], environment: dict[str, str]) -> None:
    assert not ANSI.search(in_terminal(args, environment=environment))


def test_a_stream_that_cannot_show_a_character_is_no_error() -> None:
    answer = process("show", "tiny.yaml", PYTHONIOENCODING="latin-1")
    assert answer.returncode == 0
    assert " ? 10 classes" in answer.stdout


def test_a_document_cannot_steer_the_terminal(desk: Path, run: Run) -> None:
    (desk / "evil.yaml").write_text('arch: evil\nextends: "\\x1b[31mred"\n', encoding="utf-8")
    assert "\x1b" not in run("show", "evil.yaml", code=1).stderr
