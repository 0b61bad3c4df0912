"""Write requirements.txt and tests/requirements.txt anew from pyproject.toml: `make lock`.

One lock serves Python 3.11–3.13 on x86_64 and aarch64, with the hashes of every file and no address of any index.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPILE = ("pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--upgrade")
NOTE = "# {what}, exact and with hashes. Made from pyproject.toml by `make lock`; do not edit.\n"


def lock(target: str, what: str, *source: str) -> None:
    compiled = subprocess.run(
        [sys.executable, "-m", "uv", *COMPILE, "--quiet", *source],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    (ROOT / target).write_text(NOTE.format(what=what) + compiled, encoding="utf-8")


if __name__ == "__main__":
    lock("requirements.txt", "What the product runs on", "pyproject.toml")
    lock(
        "tests/requirements.txt",
        "What tests and linters need besides requirements.txt",
        *("--group", "pyproject.toml:test", "--constraint", "requirements.txt"),
    )
