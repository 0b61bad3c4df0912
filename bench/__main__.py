"""Run every benchmark at its small size, one after the other: `make bench`, or `python -m bench [NAME …] [-- options]`.

A benchmark is `bench/NAME.py`: run without options it is small, prints a table of our figure beside its floor, and with
`--json` one object per figure (name, size, value, unit, floor, ratio). Options after `--` go to each of them.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    wanted, options = arguments[:split], arguments[split + 1 :]
    # What they share (data, people) has no such line.
    programs = (
        path for path in HERE.glob("[!_]*.py") if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    )
    present = sorted(path.stem for path in programs)
    unknown = sorted(set(wanted) - set(present))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}; there are: {', '.join(present) or 'none'}", file=sys.stderr)
        return 2
    failed = [name for name in wanted or present if not runs(name, options)]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def runs(name: str, options: list[str]) -> bool:
    print(f"\n== {name}", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", f"bench.{name}", *options], cwd=HERE.parent, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
