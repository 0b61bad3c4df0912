"""`.env.example` lists exactly the variables that the settings read, with their defaults."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READERS = {"env_str", "env_int", "env_bool", "env_list", "kept_key"}


def read_by_settings() -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((ROOT / "campaign/settings.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in READERS:
            name = next(part for part in node.args if isinstance(part, ast.Constant))
            found.add(str(name.value).upper())
    return found


def test_the_example_names_every_variable_and_no_other() -> None:
    named = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == read_by_settings() | {"HOST", "DEMO"}


def test_the_containers_are_given_every_setting_and_the_image_none() -> None:
    """What stands in `deploy/.env` reaches the containers without being named again, and never gets into the image."""
    compose = (ROOT / "deploy/docker-compose.yml").read_text(encoding="utf-8")
    assert "env_file: .env" in compose.partition("services:")[0]
    taken = set(re.findall(r"^    ([A-Z_]+): ", compose.partition("services:")[0], re.MULTILINE))
    assert taken <= read_by_settings()
    left_out = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "**/.env" in left_out
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
