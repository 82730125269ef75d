"""A real Slurm on this machine, for tests: a controller and one node on loopback, in a folder of their own."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

# Where Slurm's programs look when no variable names a file; inside a job, the executor has cleared the variables.
SYSTEM_CONFIGURATION = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
MinJobAge=300
SlurmdTimeout=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory}
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_unavailable():
    """Return why Slurm cannot be started here, or None."""
    if os.geteuid() != 0:
        return "Slurm's daemons must be started by root"
    if SYSTEM_CONFIGURATION.exists() and not _is_left_behind():
        return f"this machine has a Slurm of its own ({SYSTEM_CONFIGURATION})"
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    return f"not installed: {', '.join(missing)} (Debian: slurm-wlm, munge)" if missing else None


def _is_left_behind():
    """Return whether the configuration is that of a cluster for tests whose controller was killed."""
    configuration = SYSTEM_CONFIGURATION.read_text(errors="replace")
    folder = SYSTEM_CONFIGURATION.resolve().parent
    if configuration.splitlines()[1:2] != ["ClusterName=tests"] or not (folder / "slurmctld.pid").exists():
        return False
    process = int((folder / "slurmctld.pid").read_text())
    return not psutil.pid_exists(process) or psutil.Process(process).name() != "slurmctld"


class Cluster:
    """Handles of the running daemons; `environment` makes Slurm's commands talk to this cluster."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = os.environ | {"SLURM_CONF": str(SYSTEM_CONFIGURATION)}
        self.processes = {}

    def start(self):
        """Start munge, the controller and the node, and wait until the node is idle."""
        self._prepare()
        SYSTEM_CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
        SYSTEM_CONFIGURATION.unlink(missing_ok=True)  # a dangling link of a killed run
        SYSTEM_CONFIGURATION.symlink_to(self.folder / "slurm.conf")
        self._start_munge()
        self._spawn("slurmctld", "-D", "-i", "-f", self.environment["SLURM_CONF"])
        self.start_node()

    def start_node(self, at=None, seen=None):
        """Start the node daemon (again) and wait until the node takes jobs. The node sees the folder `seen` at `at`."""
        mount = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', seen, at]
        self._spawn("slurmd", "-D", "-f", self.environment["SLURM_CONF"], within=mount if at else [])
        self._wait_for(lambda: self._node_state() in ("idle", "mixed", "allocated"), "the node to be idle")

    def kill_node(self):
        """Kill the node daemon at once, as a crash would."""
        process = self.processes.pop("slurmd")
        process.kill()
        process.wait()

    def stop(self):
        """Stop every daemon that was started here."""
        SYSTEM_CONFIGURATION.unlink(missing_ok=True)
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _prepare(self):
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir(parents=True)
        host = socket.gethostname().split(".")[0]
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 - 1024
        ports = dict(zip(("controller_port", "node_port"), _free_ports(2), strict=True))
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(host=host, folder=self.folder, cpus=os.cpu_count(), memory=memory, **ports)
        )

    def _start_munge(self):
        # munged insists on a key and folders that only its own user can write.
        munge = self.folder / "munge"
        key = munge / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        for path in (munge, key):
            shutil.chown(path, "munge", "munge")
        munge.chmod(0o755)
        self._spawn(
            "munged",
            "--foreground",
            "--force",
            *(f"--{name}={munge}/{name.split('-')[0]}" for name in ("key-file", "socket", "pid-file", "seed-file")),
            f"--log-file={munge}/log",
            user="munge",
        )
        self._wait_for((munge / "socket").exists, "munge")

    def _spawn(self, program, *arguments, user=None, within=()):
        with open(self.folder / f"{program}.out", "ab") as log:
            self.processes[program] = subprocess.Popen(
                [*within, program, *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=user,
                env=self.environment,
            )

    def _node_state(self):
        done = subprocess.run(["sinfo", "-h", "-o", "%T"], env=self.environment, capture_output=True, text=True)
        return done.stdout.strip()

    def _wait_for(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in self.folder.glob("*.out"))
                raise RuntimeError(f"waited {seconds} s for {what}\n{logs}")
            time.sleep(0.2)


@contextmanager
def running(folder):
    """Yield a running Cluster; its daemons end with the context."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
