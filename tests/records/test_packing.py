"""What one store gives to another arrives whole, or not at all."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archspec.errors import RecordsError
from archspec.records.index import Index
from archspec.records.keys import measurement_document, run_document, untrained_document, untrained_key
from archspec.records.packing import CONTENTS, pack
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.records.unpacking import unpack
from archspec.spec.loading import load
from archspec.spec.measurements import Evaluate
from archspec.spec.proxies import Naswot, Synflow
from tests.records.samples import recipe
from tests.records.stores import finished_run, key, lost_run, plan_of, planned_run, tried

pytestmark = pytest.mark.usefixtures("quick_disk")

ARCH: dict[str, Any] = {
    "arch": "tiny",
    "input": {"size": 16},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 8, "depth": 1, "mixer": "pooling"}],
    "head": "linear",
}


def trained_run(store: Path, seed: int = 0) -> RunFolder:
    """A finished run whose key is that of what it describes, resumed once, with a network."""
    run = RunFolder.create(store, run_document(load(ARCH), recipe(), seed, "digits-1"))
    tried(run, range(1, 3)).leave()
    attempt = tried(run)
    attempt.model.write_bytes(b"network" * seed)
    attempt.log.write_text("said\n")
    run.finish(attempt, {"state": "done", "top1": 60.0 + seed, "epoch": 3})
    attempt.leave()
    return run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three finished runs, two of them of a study, and one that is not finished."""
    store = tmp_path / "store"
    runs = [trained_run(store, seed) for seed in range(3)]
    lost = lost_run(store, 9)
    plan_of(store, "small", [*runs[:2], lost])
    return store


@pytest.fixture
def archive(store: Path, tmp_path: Path) -> Path:
    file = tmp_path / "runs.tar"
    pack(Store(store), file)
    return file


def everything(store: Path) -> dict[str, Any]:
    """What the index says of the finished runs."""
    with Index.open(store) as index:
        done = [name for name, run in index.known(Store(store).keys()).items() if run.state == "done"]
        return {name: (known, index.curves([name])) for name, known in index.known(done).items()}


def test_measurements_go_along_and_their_keys_are_confirmed(store: Path, tmp_path: Path) -> None:
    of = trained_run(store, 7)
    made = [RunFolder.create(store, measurement_document(of.spec(), Evaluate(size=size))) for size in (24, 32)]
    for run in made:
        attempt = run.claim()
        attempt.log.write_text("said\n")
        run.finish(attempt, {"state": "done", "top1": 61.0})
    changed = made[1].run_yaml
    changed.write_text(changed.read_text().replace("size: 32", "size: 40"))
    plan_of(store, "measured", [of, *made])
    pack(Store(store), tmp_path / "runs.tar", study="measured")
    done = unpack(Store(tmp_path / "new"), tmp_path / "runs.tar")
    assert sorted(done.imported) == sorted([of.key, made[0].key])
    assert "this archspec gives it the key" in done.refused[made[1].key]


def test_proxies_go_along_without_the_training_that_they_come_before(store: Path, tmp_path: Path) -> None:
    said = run_document(load(ARCH), recipe(), 3, "digits-1")
    network = untrained_key(load(ARCH), 3, "digits-1")
    made = [RunFolder.create(store, untrained_document(said, network, proxy)) for proxy in (Synflow(), Naswot())]
    for run in made:
        attempt = run.claim()
        attempt.log.write_text("said\n")
        run.finish(attempt, {"state": "done", "score": 3.5})
    changed = made[1].run_yaml
    changed.write_text(changed.read_text().replace("seed: 3", "seed: 4"))
    plan_of(store, "looked", made)
    pack(Store(store), tmp_path / "runs.tar", study="looked")
    done = unpack(Store(tmp_path / "new"), tmp_path / "runs.tar")
    assert done.imported == [made[0].key]
    assert "this archspec gives it the key" in done.refused[made[1].key]


@pytest.mark.parametrize("name", ["runs.tar", "runs.tar.gz", "runs.tgz"])
def test_there_and_back(store: Path, tmp_path: Path, name: str) -> None:
    packed = pack(Store(store), tmp_path / name)
    assert (packed.runs, packed.unfinished, packed.bytes) == (3, 1, (tmp_path / name).stat().st_size)
    done = unpack(Store(tmp_path / "new"), tmp_path / name)
    assert (len(done.imported), done.kept, done.live, done.refused, done.studies) == (3, [], [], {}, ["small"])
    assert everything(tmp_path / "new") == everything(store)
    for run_key in done.imported:
        ours, theirs = (RunFolder(Store(place).run(run_key)) for place in (store, tmp_path / "new"))
        assert ours.spec() == theirs.spec()
        assert ours.attempt(2).model.read_bytes() == theirs.attempt(2).model.read_bytes()
        assert theirs.attempt(2).log.read_text() == "said\n"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "environments",
        *(path.name for path in (tmp_path / "new").glob("index-*")),
        "runs",
        "studies",
    ]
    assert not list(tmp_path.glob(".*"))


def test_one_study_and_no_weights(store: Path, tmp_path: Path) -> None:
    assert pack(Store(store), tmp_path / "runs.tar", study="small", weights=False).runs == 2
    done = unpack(Store(tmp_path / "new"), tmp_path / "runs.tar")
    assert len(done.imported) == 2
    assert not list((tmp_path / "new").rglob("*.safetensors"))


def test_a_finished_run_is_never_replaced(store: Path, archive: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    run = trained_run(new)
    before = run.result_json.stat()
    run.attempt(2).log.write_text("ours\n")
    done = unpack(Store(new), archive)
    assert (done.kept, len(done.imported)) == ([run.path.name], 2)
    assert run.result_json.stat() == before
    assert run.attempt(2).log.read_text() == "ours\n"
    again = unpack(Store(new), archive)
    assert (len(again.kept), again.imported, again.studies) == (3, [], [])


def test_a_live_run_is_left_alone_and_a_lost_one_gives_way(archive: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    live = RunFolder.create(new, run_document(load(ARCH), recipe(), 0, "digits-1"))
    lost = RunFolder.create(new, run_document(load(ARCH), recipe(), 1, "digits-1"))
    tried(live)
    tried(lost).leave()
    done = unpack(Store(new), archive)
    assert (done.live, len(done.imported)) == ([live.path.name], 2)
    assert live.result() is None
    assert lost.result() is not None
    assert not list((new / ".gone").iterdir())


def test_a_study_that_is_there_stays(archive: Path, tmp_path: Path) -> None:
    plan_of(tmp_path / "new", "small", [], paper="ours")
    assert unpack(Store(tmp_path / "new"), archive).studies == []
    assert json.loads((tmp_path / "new" / "studies" / "small" / "plan.json").read_text())["paper"] == "ours"


def test_a_key_that_cannot_be_confirmed_is_refused(tmp_path: Path) -> None:
    """`finished_run` invents its keys, as somebody might who wants another's result taken for this run's."""
    finished_run(tmp_path / "store", 1)
    pack(Store(tmp_path / "store"), tmp_path / "runs.tar")
    done = unpack(Store(tmp_path / "new"), tmp_path / "runs.tar")
    assert (list(done.refused), done.imported) == ([key(1)], [])
    assert "--trust" in done.refused[key(1)]
    assert unpack(Store(tmp_path / "new"), tmp_path / "runs.tar", trust=True).imported == [key(1)]


def test_a_training_does_not_come_as_a_measurement(store: Path, tmp_path: Path) -> None:
    """Else any document could take a training's place."""
    run = trained_run(tmp_path / "store2", seed=4)
    run.run_yaml.write_text(run.run_yaml.read_text().replace("seed: 4", "seed: 5") + "measure: {kind: x}\n")
    pack(Store(tmp_path / "store2"), tmp_path / "runs.tar")
    assert list(unpack(Store(tmp_path / "new"), tmp_path / "runs.tar").refused) == [run.path.name]


def test_a_seed_that_was_changed_is_noticed(store: Path, tmp_path: Path) -> None:
    run = RunFolder(Store(store).run(Store(store).keys()[0]))
    if run.result() is None:
        run = RunFolder(Store(store).run(Store(store).keys()[1]))
    text = run.run_yaml.read_text()
    run.run_yaml.write_text(text.replace(f"seed: {run.spec()['seed']}", "seed: 77"))
    pack(Store(store), tmp_path / "runs.tar")
    done = unpack(Store(tmp_path / "new"), tmp_path / "runs.tar")
    assert list(done.refused) == [run.path.name]
    assert "another version made it, or it was changed" in done.refused[run.path.name]


@pytest.mark.parametrize(
    ("name", "study", "said"),
    [("runs.zip", "", r"\.tar"), ("there.tar", "", "is there already"), ("runs.tar", "smal", "did you mean `small`")],
)
def test_exports_that_make_no_sense(store: Path, tmp_path: Path, name: str, study: str, said: str) -> None:
    (tmp_path / "there.tar").touch()
    with pytest.raises(RecordsError, match=said):
        pack(Store(store), tmp_path / name, study=study)


class Archive:
    """An archive by a hand that means no good; its list of contents is right."""

    def __init__(self, file: Path) -> None:
        self.members: list[tuple[tarfile.TarInfo, bytes]] = []
        with tarfile.open(file) as tar:
            for member in tar:
                content = tar.extractfile(member)
                assert content is not None
                self.members.append((member, content.read()))

    def add(self, name: str, content: bytes = b"x", **about: Any) -> None:
        member = tarfile.TarInfo(name)
        for field, value in {"size": len(content), **about}.items():
            setattr(member, field, value)
        self.members.insert(-1, (member, content))

    def change(self, ending: str, content: bytes) -> None:
        for number, (member, _) in enumerate(self.members):
            if member.name.endswith(ending):
                member.size = len(content)
                self.members[number] = (member, content)

    def write(self, file: Path, *, honest: bool = False) -> None:
        import hashlib

        sums = {m.name: hashlib.sha256(c).hexdigest() for m, c in self.members if m.isreg() and m.name != CONTENTS}
        if honest:
            self.change(CONTENTS, json.dumps({"format": 1, "files": sums}).encode())
        with tarfile.open(file, "w") as tar:
            for member, content in self.members:
                tar.addfile(member, io.BytesIO(content) if member.size else None)


def runs_key(archive: Archive) -> str:
    return archive.members[0][0].name.split("/")[1]


def outside(archive: Archive) -> None:
    archive.add("../../evil")


def absolute(archive: Archive) -> None:
    archive.add("/evil")


def hidden_in_the_middle(archive: Archive) -> None:
    archive.add(f"runs/{runs_key(archive)}/attempts/1/../../../../evil")


def code(archive: Archive) -> None:
    archive.add("code/evil/evil.py")


def a_file_of_the_drivers(archive: Archive) -> None:
    archive.add("studies/small/requests")


def a_checkpoint(archive: Archive) -> None:
    archive.add(f"runs/{runs_key(archive)}/attempts/1/checkpoints/0000000001-00.pt")


def a_newline(archive: Archive) -> None:
    archive.add(f"runs/{runs_key(archive)}/run.yaml\n")


def a_link(archive: Archive) -> None:
    archive.add(f"runs/{'a' * 20}/run.yaml", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")


def a_hard_link(archive: Archive) -> None:
    archive.add(f"runs/{'a' * 20}/run.yaml", b"", type=tarfile.LNKTYPE, linkname="../../evil")


def a_device(archive: Archive) -> None:
    archive.add(f"runs/{'a' * 20}/run.yaml", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3)


def a_folder_link(archive: Archive) -> None:
    archive.add("runs", b"", type=tarfile.SYMTYPE, linkname="/etc")


def twice(archive: Archive) -> None:
    archive.members.insert(0, archive.members[0])


def more_after_the_end(archive: Archive) -> None:
    archive.members.append(archive.members[0])


def without_contents(archive: Archive) -> None:
    archive.members.pop()


def a_false_environment(archive: Archive) -> None:
    archive.add(f"environments/{'ab' * 10}.json", b"{}")


NASTY = [
    outside,
    absolute,
    hidden_in_the_middle,
    code,
    a_file_of_the_drivers,
    a_checkpoint,
    a_newline,
    a_link,
    a_hard_link,
    a_device,
    a_folder_link,
    twice,
    more_after_the_end,
    without_contents,
    a_false_environment,
]


@pytest.mark.parametrize("harm", NASTY, ids=lambda harm: harm.__name__)
def test_a_nasty_archive_is_refused_whole(archive: Path, tmp_path: Path, harm: Callable[[Archive], None]) -> None:
    nasty = Archive(archive)
    harm(nasty)
    nasty.write(tmp_path / "nasty.tar", honest=True)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(RecordsError, match="nothing"):
        unpack(Store(tmp_path / "new"), tmp_path / "nasty.tar")
    left = set(tmp_path.rglob("*")) - before
    assert left <= {tmp_path / "new", tmp_path / "new" / "environments"}
    assert not list(Path(tmp_path.anchor).glob("evil"))


@pytest.mark.parametrize("part", ["result.json", "metrics.jsonl", "model.safetensors", "plan.json"])
def test_content_that_was_changed_is_noticed(archive: Path, tmp_path: Path, part: str) -> None:
    changed = Archive(archive)
    changed.change(part, b'{"state": "done", "attempt": 2, "top1": 99.9}\n')
    changed.write(tmp_path / "changed.tar")
    with pytest.raises(RecordsError, match="is not what was packed"):
        unpack(Store(tmp_path / "new"), tmp_path / "changed.tar")


@pytest.mark.parametrize("share", [0, 100, 600, 5000])
@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, tmp_path: Path, share: int, compressed: bool) -> None:
    content = archive.read_bytes()
    whole = gzip.compress(content) if compressed else content
    (tmp_path / "cut.tar").write_bytes(whole[: min(share, len(whole) // 2)])
    with pytest.raises(RecordsError, match="nothing of it was taken"):
        unpack(Store(tmp_path / "new"), tmp_path / "cut.tar")


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        ("result.json", b"{}", "no result"),
        ("result.json", b'{"state": "done", "attempt": 9}', "no result"),
        ("result.json", b'{"state": "perfect", "attempt": 2}', "no result"),
        ("metrics.jsonl", b"[]\nno\n{}\n", "metrics.jsonl"),
        ("environment.json", b'{"environment": "../../x"}', "no name that archspec gives"),
        ("run.yaml", b"key: abcdef\n", "describes the run abcdef"),
        ("run.yaml", b"- a\n- list\n", "does not describe a run"),
        ("run.yaml", b"a: &a [1]\nb: *c\n", ""),
    ],
)
def test_a_run_that_is_none_is_refused_and_named(
    archive: Path, tmp_path: Path, part: str, content: bytes, said: str
) -> None:
    spoilt = Archive(archive)
    spoilt.change(part, content)
    spoilt.write(tmp_path / "spoilt.tar", honest=True)
    done = unpack(Store(tmp_path / "new"), tmp_path / "spoilt.tar")
    assert not done.imported
    assert len(done.refused) == 3
    assert all(said in reason for reason in done.refused.values())
    assert not Store(tmp_path / "new").keys()


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("hello")
    for name in ("text.tar", "none.tar"):
        with pytest.raises(RecordsError, match=name):
            unpack(Store(tmp_path / "new"), tmp_path / name)


def test_there_is_no_room(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 9))
    with pytest.raises(RecordsError, match="there is no room"):
        unpack(Store(tmp_path / "new"), archive)


def test_planned_runs_stay_here(tmp_path: Path) -> None:
    planned_run(tmp_path / "store", 1)
    packed = pack(Store(tmp_path / "store"), tmp_path / "runs.tar")
    assert (packed.runs, packed.unfinished) == (0, 1)
    assert unpack(Store(tmp_path / "new"), tmp_path / "runs.tar").imported == []
