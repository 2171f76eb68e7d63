"""What the benchmark needs of the machine: packages, cores, free ports, and what a process has used."""
import os
import pathlib
import platform
import resource
import shutil
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "loadtest" / "peers"
ADMIN_PATHS = "/usr/sbin:/sbin:/usr/local/sbin"  # where Debian keeps servers; not on a plain user's PATH
PACKAGES = ("nginx-light", "libnginx-mod-http-lua", "lua-nginx-redis", "lua-cjson", "redis-tools", "mariadb-client", "util-linux")
OPEN_FILES = 12_000  # 10,000 connections and what a program needs for itself
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Refusal(Exception):
    """The benchmark can't go on; the text tells the user why."""


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{ADMIN_PATHS}")
    if path is None:
        raise Refusal(f"{name} is missing")
    return path


def run(command: list, text_in: str = "", folder: pathlib.Path | None = None) -> str:
    """Runs a command to its end and gives its output."""
    result = subprocess.run([os.fspath(part) for part in command], input=text_in, capture_output=True, text=True, check=False,
                            cwd=folder)
    if result.returncode != 0:
        raise Refusal(f"{command[0]} failed ({result.returncode}):\n{(result.stdout + result.stderr)[-2000:]}")
    return result.stdout


def installed(package: str) -> bool:
    result = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False)
    return result.stdout == "install ok installed"


def install_missing() -> None:
    """From Debian's packages, as root or through sudo, asking nothing. The packaged services are not started."""
    missing = [package for package in PACKAGES if not installed(package)]
    # Wherever these two come from: a newer Node.js than Debian's is as good.
    missing += [package for name, package in (("node", "nodejs"), ("npm", "npm")) if shutil.which(name) is None]
    if not missing:
        return
    print(f"bench: installing {' '.join(missing)}", flush=True)
    as_root = [] if os.geteuid() == 0 else [program("sudo")]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=300"]
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    own_policy = not policy.exists()
    if own_policy:
        run([*as_root, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{policy} && chmod +x {policy}"])
    try:
        run([*apt, "update"])
        run([*apt, "install", "--no-install-recommends", *missing])
    finally:
        if own_policy:
            run([*as_root, "rm", "-f", policy])


def cores() -> dict[str, list[int]]:
    """Which cores whom: server and load apart where there are two; the stores share them all, or have the rest."""
    own = sorted(os.sched_getaffinity(0))
    if len(own) == 1:
        return {"server": own, "load": own, "stores": own}
    return {"server": own[:1], "load": own[1:2], "stores": own[2:] if len(own) >= 4 else own}


def pinned(core_list: list[int], command: list) -> list[str]:
    return [program("taskset"), "-c", ",".join(map(str, core_list)), *[os.fspath(part) for part in command]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        raise Refusal(f"10,000 connections need {OPEN_FILES} file descriptors, but this system allows {hard} (ulimit -H -n)")
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def processes_under(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used so far."""
    ticks = 0
    for each in processes_under(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise Refusal(f"process {pid} has ended")


def description() -> dict:
    cpu = next((line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1024
    system = next((line.partition("=")[2].strip('"') for line in pathlib.Path("/etc/os-release").read_text().splitlines()
                   if line.startswith("PRETTY_NAME=")), platform.system())
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "memory_mib": memory, "system": system,
            "kernel": platform.release(), "load_before": os.getloadavg()[0]}
