#!/bin/bash
# down.sh: stops only what up.sh started, by its pid files, after checking that each pid still is that program.
# Jobs are cancelled first, so no slurmstepd outlives its slurmd.  --purge also removes $SLURM_CI_ROOT.
set -u
ROOT=${SLURM_CI_ROOT:?}; export SLURM_CONF=$ROOT/etc/slurm.conf
is() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }
FIRST=TERM; [ "${1:-}" != --purge ] || FIRST=KILL   # nothing has to be saved that is removed anyway
stop() { # stop PIDFILE COMM: the first signal, up to 10 s, then KILL
  local p; p=$(cat "$ROOT/pid/$1.pid" 2>/dev/null) || return 0
  if [ -n "$p" ] && is "$p" "$2"; then
    kill -"$FIRST" "$p"; for _ in $(seq 100); do is "$p" "$2" || break; sleep 0.1; done
    ! is "$p" "$2" || kill -KILL "$p"
  fi; rm -f "$ROOT/pid/$1.pid"; }
if timeout 5 scontrol ping >/dev/null 2>&1; then
  timeout 10 scancel -u root >/dev/null 2>&1
  for _ in $(seq 60); do [ -n "$(timeout 5 squeue -h -t R,CG,S 2>/dev/null)" ] || break; sleep 0.25; done
fi
for f in "$ROOT"/pid/slurmd.c*.pid; do [ -e "$f" ] && stop "$(basename "$f" .pid)" slurmd; done
# slurmstepd left over (a slurmd killed mid-job): its command line names our spool or node; find by our SLURM_CONF
for d in /proc/[0-9]*; do
  [ "$(cat "$d/comm" 2>/dev/null)" = slurmstepd ] && tr '\0' '\n' <"$d/environ" 2>/dev/null | grep -qx "SLURM_CONF=$SLURM_CONF" && kill -KILL "${d#/proc/}"
done
stop slurmctld slurmctld; stop slurmdbd slurmdbd; stop mariadbd mariadbd; stop munged munged
[ "${1:-}" = --purge ] && rm -rf "$ROOT"
exit 0
