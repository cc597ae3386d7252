"""Memory of everything a running `manage.py serve` started, PostgreSQL aside (PSS: what is shared
is counted once). `python tools/memory.py [VAR_DIR]`; exits with 1 above the budget of 450 MB."""

import sys
from pathlib import Path

BUDGET_MB = 450.0


def main() -> int:
    """Print a line per process and the total."""
    var_dir = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "var")
    sizes = {pid: pss(pid) for pid in tree(var_dir / "run")}
    for pid, size in sorted(sizes.items()):
        print(f"{size:8.1f} MB  {pid:>7}  {title(pid)}")
    total = sum(sizes.values())
    print(f"{total:8.1f} MB  in all; budget {BUDGET_MB:.0f} MB")
    return int(not sizes or total > BUDGET_MB)


def tree(run_dir: Path) -> list[int]:
    """Every process of the recorded groups, and the supervisor above them."""
    groups = {int(path.read_text(encoding="ascii").split()[0]) for path in run_dir.glob("*.pid")}
    stats = {int(p.name): stat for p in Path("/proc").glob("[0-9]*") if (stat := facts(p))}
    members = {pid for pid, stat in stats.items() if int(stat[2]) in groups}
    supervisors = {int(stats[pid][1]) for pid in groups & set(stats)}
    return sorted(members | supervisors)


def facts(folder: Path) -> list[str] | None:
    """Return the kernel's facts on a process, from its state on."""
    try:
        return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def pss(pid: int) -> float:
    """Return the proportional share of memory of one process, in MB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return (
        next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024
    )


def title(pid: int) -> str:
    """Return the process's own name for itself."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "?"
    return line.replace(b"\0", b" ").decode(errors="replace").strip()[:70]


if __name__ == "__main__":
    sys.exit(main())
