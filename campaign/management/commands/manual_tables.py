"""Write the tables of the manual that follow from the code: who may do what, and the states with their steps."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from campaign.common.capabilities import MATRIX, Cap, Role
from campaign.common.workflow import Workflow, workflows

ROLES = Path("docs/manual/roles.md")
WORKFLOWS = Path("docs/manual/workflows.md")


def roles_table() -> str:
    """Return the matrix as a Markdown table in the language of the moment."""
    head = ["能做什么", *(str(role.label) for role in Role)]
    rows = [[str(capability.label), *(_reach(capability, role) for role in Role)] for capability in Cap]
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    intro = "由 `manage.py manual_tables` 根据 `campaign/common/capabilities.py` 生成，请勿手工修改。"
    return "\n".join(["# 角色与权限", "", intro, "", *lines, ""])


def _reach(capability: Cap, role: Role) -> str:
    reach = MATRIX[capability].get(role)
    return str(reach.label) if reach else ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def workflow_diagrams() -> str:
    """Return every workflow as a Mermaid state diagram."""
    parts = ["# 状态与步骤", "", "由 `manage.py manual_tables` 根据各应用的 `workflow.py` 生成，请勿手工修改。", ""]
    for workflow in sorted(workflows(), key=_name):
        parts += [f"## {_name(workflow)}", "", "```mermaid", workflow.mermaid(), "```", ""]
    return "\n".join(parts)


def _name(workflow: Workflow[Any]) -> str:
    return str(workflow.model._meta.verbose_name)


class Command(BaseCommand):
    help = "Write docs/manual/roles.md and docs/manual/workflows.md; with --check, exit 1 when they are out of date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("zh-hans"):
            wanted = {ROLES: roles_table(), WORKFLOWS: workflow_diagrams()}
        for name, text in wanted.items():
            path = settings.BASE_DIR / name
            if options["check"]:
                if not path.exists() or path.read_text(encoding="utf-8") != text:
                    raise CommandError(f"{name} is out of date: run `manage.py manual_tables`")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"written: {name}")
