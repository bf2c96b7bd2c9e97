"""The index's tables. `docs/store.md` describes each of them and its columns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = 1
"""Raised whenever a table, a column or a view changes; an index of another schema is made anew."""


class Base(DeclarativeBase):
    """What all tables share: how Python's types are stored."""

    type_annotation_map = {int: Integer, float: Double, str: Text}  # noqa: RUF012 - as SQLAlchemy declares it


def columns(table: type[Base]) -> list[str]:
    """The names of a table's columns."""
    return [column.name for column in table.__table__.columns]


class About(Base):
    """What the index says of itself."""

    __tablename__ = "about"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class RunRow(Base):
    """A run, as its folder tells it."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    signature: Mapped[str]
    arch: Mapped[str]
    recipe: Mapped[str]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    epoch: Mapped[int | None]
    step: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str]
    seconds: Mapped[float]
    gpus: Mapped[int]
    device: Mapped[str]
    host: Mapped[str]
    torch: Mapped[str]
    git_commit: Mapped[str]
    environment: Mapped[str]
    images_per_second: Mapped[float | None]
    memory_mib: Mapped[float | None]
    started: Mapped[float | None]
    ended: Mapped[float | None]


class AttemptRow(Base):
    """An attempt at a run."""

    __tablename__ = "attempts"

    run_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[float]
    gpus: Mapped[int]
    device: Mapped[str]
    host: Mapped[str]
    job: Mapped[str]
    torch: Mapped[str]
    git_commit: Mapped[str]
    environment: Mapped[str]
    images_per_second: Mapped[float | None]
    memory_mib: Mapped[float | None]
    started: Mapped[float | None]


class Score(Base):
    """A number of a run's result."""

    __tablename__ = "scores"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLAlchemy declares it

    run_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[float]


class PointRow(Base):
    """A metric in an epoch of a run."""

    __tablename__ = "points"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLAlchemy declares it

    run_id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    step: Mapped[int | None] = mapped_column(BigInteger)
    seconds: Mapped[float | None]
    value: Mapped[float]


class Environment(Base):
    """Versions that runs ran with."""

    __tablename__ = "environments"

    hash: Mapped[str] = mapped_column(String(80), primary_key=True)
    archspec: Mapped[str]
    python: Mapped[str]
    torch: Mapped[str]
    cuda: Mapped[str]
    platform: Mapped[str]
    cpu: Mapped[str]
    device: Mapped[str]
    git_commit: Mapped[str]


class StudyRow(Base):
    """A study that was started."""

    __tablename__ = "studies"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    signature: Mapped[str]
    study: Mapped[str]
    profile: Mapped[str]
    design: Mapped[str]
    metric: Mapped[str]
    paper: Mapped[str]


class Arm(Base):
    """An arm of a study."""

    __tablename__ = "arms"

    study: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(String(400))
    name: Mapped[str]
    factor: Mapped[str]
    baseline: Mapped[str]
    against: Mapped[str]
    arch: Mapped[str]
    recipe: Mapped[str]
    levels: Mapped[str]
    changes: Mapped[str]
    paper: Mapped[float | None]
    params: Mapped[int] = mapped_column(BigInteger)
    frozen_params: Mapped[int] = mapped_column(BigInteger)
    macs: Mapped[int] = mapped_column(BigInteger)
    activations: Mapped[int] = mapped_column(BigInteger)
    training_macs: Mapped[float]
    images: Mapped[float]


class ArmRun(Base):
    """A run of an arm at a seed. One run may belong to many arms."""

    __tablename__ = "arm_runs"
    __table_args__ = (Index("arm_runs_arm", "study", "arm"), Index("arm_runs_key", "key"))

    study: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(String(400))
    seed: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(80))
