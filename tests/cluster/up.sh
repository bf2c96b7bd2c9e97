#!/bin/bash
# up.sh: a real, private, single-machine Slurm cluster (Debian 12, Slurm 22.05). Run as root; no systemd.
# Nothing under /etc is written: config, keys, sockets, state, logs, pid files live in $SLURM_CI_ROOT; clients find the
# cluster through SLURM_CONF ($SLURM_CI_ROOT/env.sh). Idempotent: on a live cluster it only checks. Stop with down.sh.
#   SLURM_CI_ROOT   where everything lives            (keep it short: unix sockets)
#   SLURM_CI_NODES  how many slurmd                   (default 2, each with 2 CPUs and 2 fake GPUs)
#   SLURM_CI_ACCT   1: mariadb+slurmdbd, real sacct; 0: no accounting (then sacct fails)    (default 1)
set -euo pipefail
ROOT=${SLURM_CI_ROOT:?}; NODES=${SLURM_CI_NODES:-2}; ACCT=${SLURM_CI_ACCT:-1}
P=${SLURM_CI_PORT:-16817}                   # slurmctld; P+2 slurmdbd; P+10.. slurmd. Not the defaults, on purpose.
CPUS=2; GPUS=2; MEM=${SLURM_CI_NODE_MEM:-8000}  # per node; config_overrides lets these exceed the machine
say() { printf 'slurm-ci %5ds: %s\n' "$SECONDS" "$*" >&2; }
die() { say "FAILED: $*"; tail -n 15 "$ROOT"/log/*.log >&2 || true; exit 1; }
alive() { local p; p=$(cat "$ROOT/pid/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "${1%%.*}" ]; }
wait_for() { local end=$((SECONDS + $1)) what=$2; shift 2          # wait_for SECONDS WHAT CMD...
  until out=$("$@" 2>&1); do [ $SECONDS -lt $end ] || die "$what: $out"; sleep 0.1; done; }
[ "$(id -u)" = 0 ] || die "must be root"

# 1. Packages. policy-rc.d (exit 101) stops the postinst scripts from starting daemons where systemd/init is live.
pkgs=(munge slurmctld slurmd slurm-client); [ "$ACCT" = 1 ] && pkgs+=(slurmdbd mariadb-server-core)
if ! dpkg -s "${pkgs[@]}" >/dev/null 2>&1; then
  say "installing ${pkgs[*]}"; mkdir -p "$ROOT"; made=
  [ -e /usr/sbin/policy-rc.d ] || { made=1; printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${pkgs[@]}"; } \
      >"$ROOT/apt.log" 2>&1 || { tail -20 "$ROOT/apt.log" >&2; exit 3; }
  [ -z "$made" ] || rm -f /usr/sbin/policy-rc.d
fi

# 2. Directories. munged refuses a key, socket or log below a directory writable by others (a sticky one is fine).
umask 022; mkdir -p "$ROOT"/{etc,log,pid,ctld,munge/priv,dev,db/tmp}; chmod 755 "$ROOT" "$ROOT/munge"; chmod 700 "$ROOT/munge/priv" "$ROOT/db"
export SLURM_CONF=$ROOT/etc/slurm.conf; HOST=$(hostname -s); SOCK=$ROOT/munge/socket
echo "export SLURM_CONF=$SLURM_CONF" >"$ROOT/env.sh"
# Bind to loopback only: Slurm binds to what gethostname() resolves to, so only where that is 127.x.
BIND=; [[ $(getent ahostsv4 "$HOST" | awk 'NR==1{print $1}') == 127.* ]] && BIND=CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
[ -n "$BIND" ] || say "warning: $HOST does not resolve to 127.x; daemons will listen on all interfaces"

# 3. Configuration (only when nothing runs: a changed slurm.conf under live daemons confuses them).
if ! alive slurmctld; then
  for ((i = 1; i <= NODES; i++)); do
    echo "NodeName=c$i NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((P + 9 + i)) CPUs=$CPUS RealMemory=$MEM Gres=gpu:$GPUS State=UNKNOWN"
  done >"$ROOT/etc/nodes.conf"
  gpu=Count=$GPUS       # fake GPUs: character devices (copies of /dev/null); with them Slurm also sets CUDA_VISIBLE_DEVICES
  for ((g = 0; g < GPUS; g++)); do
    [ -c "$ROOT/dev/gpu$g" ] || mknod "$ROOT/dev/gpu$g" c 1 3 || { gpu=; break; }; done && [ -n "$gpu" ] && gpu="File=$ROOT/dev/gpu[0-$((GPUS - 1))]"
  echo "NodeName=c[1-$NODES] Name=gpu ${gpu:-Count=$GPUS}" >"$ROOT/etc/gres.conf"
  # cgroup.conf: nothing uses cgroups (linuxproc, task/none); named only so no plug-in goes looking for systemd/dbus.
  echo "CgroupPlugin=cgroup/v1" >"$ROOT/etc/cgroup.conf"
  ACCTCONF=AccountingStorageType=accounting_storage/none
  [ "$ACCT" != 1 ] || ACCTCONF="AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1
      AccountingStoragePass=$SOCK AccountingStoragePort=$((P + 2)) AccountingStorageTRES=gres/gpu"
  # Slurm takes one key a line; below they are grouped for reading, and split here.
  split() { awk '/^(NodeName|PartitionName|include|#)/ {print; next} {for (i = 1; i <= NF; i++) print $i}'; }
  split >"$SLURM_CONF" <<CONF
ClusterName=ci
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$P SlurmUser=root SlurmdUser=root AuthType=auth/munge
# cred_expire is also how long a requeued job waits before it may start again (default 120 s!)
AuthInfo=socket=$SOCK,cred_expire=5
$BIND
StateSaveLocation=$ROOT/ctld SlurmdSpoolDir=$ROOT/spool.%n SlurmctldPidFile=$ROOT/pid/slurmctld.pid SlurmdPidFile=$ROOT/pid/slurmd.%n.pid
SlurmctldLogFile=$ROOT/log/slurmctld.log SlurmdLogFile=$ROOT/log/slurmd.%n.log SlurmctldDebug=${SLURM_CI_DEBUG:-info} SlurmdDebug=${SLURM_CI_DEBUG:-info}
SlurmctldParameters=preempt_send_user_signal MailProg=/bin/true SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc TaskPlugin=task/none MpiDefault=none GresTypes=gpu SelectType=select/cons_tres SelectTypeParameters=CR_CPU_Memory DefMemPerCPU=100
# memory limit by polling (1 s): a job over its --mem is killed
JobAcctGatherType=jobacct_gather/linux JobAcctGatherFrequency=task=1 JobAcctGatherParams=OverMemoryKill
SchedulerType=sched/backfill SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=1,bf_resolution=60
MaxArraySize=${SLURM_CI_ARRAY:-5} MaxJobCount=20000
# preemption; submitit's USR2 reaches a preempted job only by preempt_send_user_signal (SlurmctldParameters!) and GraceTime>0
PreemptType=preempt/partition_prio PreemptMode=REQUEUE JobRequeue=1
# short time-outs, so that tests of failures take seconds
SlurmctldTimeout=30 SlurmdTimeout=10 KillWait=3 MessageTimeout=10 InactiveLimit=0 ReturnToService=2 MinJobAge=300
$ACCTCONF
include $ROOT/etc/nodes.conf
PartitionName=cpu     Nodes=c[1-$NODES] Default=YES PriorityTier=10 PreemptMode=OFF     MaxTime=INFINITE DefaultTime=10 State=UP
PartitionName=preempt Nodes=c[1-$NODES]             PriorityTier=1  PreemptMode=REQUEUE GraceTime=10 MaxTime=INFINITE DefaultTime=10 State=UP
CONF
  [ "$ACCT" != 1 ] || ( umask 077; split >"$ROOT/etc/slurmdbd.conf" <<CONF
AuthType=auth/munge AuthInfo=socket=$SOCK
DbdHost=localhost DbdAddr=127.0.0.1 DbdPort=$((P + 2)) SlurmUser=root LogFile=$ROOT/log/slurmdbd.log PidFile=$ROOT/pid/slurmdbd.pid
$BIND
StorageType=accounting_storage/mysql StorageHost=localhost StorageUser=root StorageLoc=slurm_acct_db
CONF
  )
fi

# 4. Daemons, each in its own session, each with a pid file.
if ! alive munged; then
  [ -s "$ROOT/munge/priv/key" ] || mungekey --create --keyfile="$ROOT/munge/priv/key"
  munged --key-file="$ROOT/munge/priv/key" --socket="$SOCK" --pid-file="$ROOT/munge/munged.pid" \
      --log-file="$ROOT/munge/priv/munged.log" --seed-file="$ROOT/munge/priv/seed" --num-threads=4 || die munged
  wait_for 10 "munged does not answer" munge -S "$SOCK" -n; cp "$ROOT/munge/munged.pid" "$ROOT/pid/munged.pid"; say "munged up"
fi
if [ "$ACCT" = 1 ]; then
  export MYSQL_UNIX_PORT=$ROOT/db/sock        # libmariadb in slurmdbd: the socket of the private database
  # A tmpdir of its own: a mariadbd that starts removes the temporary tables of all others that share one.
  my=(--user=root --datadir="$ROOT/db/data" --tmpdir="$ROOT/db/tmp" --skip-networking --skip-grant-tables --innodb-log-file-size=64M
      --innodb-buffer-pool-size=128M --innodb-flush-log-at-trx-commit=0 --innodb-lock-wait-timeout=900)
  if ! alive mariadbd; then
    # mariadb-install-db wants my_print_defaults (another package); the system tables alone are enough, without grants.
    [ -e "$ROOT/db/data/mysql/proc.frm" ] || { rm -rf "$ROOT/db/data"; mkdir -p "$ROOT/db/data"
      { printf 'create database mysql;\nuse mysql;\n'; cat /usr/share/mysql/mysql_system_tables.sql; } |
        mariadbd --no-defaults --bootstrap "${my[@]}" >"$ROOT/log/bootstrap.log" 2>&1 || die "mariadb bootstrap"; }
    setsid mariadbd --no-defaults "${my[@]}" --socket="$MYSQL_UNIX_PORT" --pid-file="$ROOT/pid/mariadbd.pid" </dev/null >"$ROOT/log/mariadbd.log" 2>&1 &
    wait_for 60 "mariadbd did not start" test -S "$MYSQL_UNIX_PORT"; say "mariadbd up"
  fi
  if ! alive slurmdbd; then
    slurmdbd; wait_for 20 "slurmdbd does not answer" sacctmgr -n show cluster
    sacctmgr -n show cluster ci format=cluster | grep -q ci || sacctmgr -i add cluster ci >/dev/null || true; say "slurmdbd up"
  fi
fi
alive slurmctld || { slurmctld || die slurmctld; say "slurmctld started"; }
for ((i = 1; i <= NODES; i++)); do alive "slurmd.c$i" || slurmd -N "c$i" || die "slurmd c$i"; done
# A node that failed, or was drained since its controller had forgotten its jobs, is taken back.
ready() { scontrol update nodename=ALL state=resume >/dev/null 2>&1 || true; [ "$(sinfo -h -p cpu -t idle,mixed,allocated -o %D | awk '{n+=$1} END{print n+0}')" = "$NODES" ]; }
wait_for 60 "nodes did not become idle: $(sinfo -N -o '%N %t %E' 2>&1)" ready
[ "$ACCT" != 1 ] || wait_for 30 "sacct does not answer" sacct -n
say "cluster up: $(sinfo -h -o '%P %a %D %t %c cpu %m MB %G' | tr '\n' ';')"; echo "export SLURM_CONF=$SLURM_CONF"
