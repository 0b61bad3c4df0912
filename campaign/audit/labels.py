"""What an entry of the log says in words: the action, and each changed field with its values."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.models import AuditEntry
from campaign.common.workflow import workflows

ACTIONS: dict[str, str | Promise] = {
    "adjustment_request": gettext_lazy("Ask for the change of a pledge item"),
    "batch_create": gettext_lazy("Create an award batch"),
    "batch_update": gettext_lazy("Change an award batch"),
    "bulletin_publish": gettext_lazy("Publish the fulfilment of a quarter"),
    "bulletin_withdraw": gettext_lazy("Withdraw the publication of a quarter"),
    "campaign_create": gettext_lazy("Create a campaign"),
    "campaign_stage_update": gettext_lazy("Change a campaign stage"),
    "demo_seed": gettext_lazy("Load the demo data"),
    "import_apply": gettext_lazy("Import a workbook"),
    "import_upload": gettext_lazy("Upload a workbook"),
    "item_explain": gettext_lazy("Explain why an item was not kept"),
    "job_download": gettext_lazy("Download a file"),
    "leader_review_create": gettext_lazy("Write a leader review"),
    "leader_review_discard": gettext_lazy("Discard a leader review"),
    "leader_review_update": gettext_lazy("Change a leader review"),
    "login": gettext_lazy("Sign in"),
    "logout": gettext_lazy("Sign out"),
    "member_create": gettext_lazy("Add a member"),
    "member_update": gettext_lazy("Change a member"),
    "nomination_create": gettext_lazy("Write a nomination"),
    "nomination_update": gettext_lazy("Change a nomination"),
    "organization_activate": gettext_lazy("Put an organization into use again"),
    "organization_create": gettext_lazy("Add an organization"),
    "organization_deactivate": gettext_lazy("Put an organization out of use"),
    "organization_update": gettext_lazy("Change an organization"),
    "password_change": gettext_lazy("Change the password"),
    "pledge_appraise": gettext_lazy("Appraise a pledge"),
    "pledge_appraise_self": gettext_lazy("Appraise one's own pledge"),
    "pledge_appraise_peer": gettext_lazy("Appraise the pledge of a colleague"),
    "pledge_check": gettext_lazy("Record a check of a pledge"),
    "pledge_check_answer": gettext_lazy("Answer a check of a pledge"),
    "pledge_save": gettext_lazy("Save a pledge"),
    "pledge_display": gettext_lazy("Change the period of display of a pledge"),
    "boardlink_create": gettext_lazy("Make a link to a board"),
    "boardlink_revoke": gettext_lazy("Close a link to a board"),
    "comment_add": gettext_lazy("Say something to a pledge"),
    "comment_answer": gettext_lazy("Answer an opinion on a pledge"),
    "pledge_import_upload": gettext_lazy("Send a workbook of pledges"),
    "pledge_import_store": gettext_lazy("Write a pledge by workbook"),
    "pledge_import_undo": gettext_lazy("Take back a pledge written by workbook"),
    "pledge_start": gettext_lazy("Begin a pledge"),
    "progress_add": gettext_lazy("Report progress"),
    "report_export": gettext_lazy("Export a report"),
    "role_end": gettext_lazy("Withdraw a role"),
    "role_grant": gettext_lazy("Grant a role"),
    "round_close": gettext_lazy("Close an evaluation round"),
    "round_create": gettext_lazy("Set up an evaluation round"),
    "round_leave_out": gettext_lazy("Leave classes without raters out"),
    "score_run": gettext_lazy("Compute scores"),
    "sheet_save": gettext_lazy("Save a score sheet"),
    "user_activate": gettext_lazy("Put an account into use again"),
    "user_create": gettext_lazy("Create an account"),
    "user_deactivate": gettext_lazy("Put an account out of use"),
    "user_reset_password": gettext_lazy("Reset a password"),
    "user_update": gettext_lazy("Change an account"),
}
"""Actions that are no steps of a workflow; those bring their own labels."""


def action_choices() -> list[tuple[str, str]]:
    """Return every action with its label, in the order of the labels."""
    return sorted(((key, str(label)) for key, label in _labels().items()), key=lambda pair: pair[1])


def action_label(action: str) -> str:
    """Return the action in words; its own name when nobody gave it any."""
    return str(_labels().get(action, action))


@cache
def _labels() -> dict[str, str | Promise]:
    steps = {name: step.label for workflow in workflows() for name, step in workflow.steps.items()}
    return {**steps, **ACTIONS}


def target_label(entry: AuditEntry) -> str:
    """Return the kind of object and its name."""
    model = _model(entry.target_type)
    kind = str(model._meta.verbose_name) if model else entry.target_type
    return f"{kind} {entry.target_name}".strip()


def changes_in_words(entry: AuditEntry) -> Iterator[str]:
    """Yield one line for each changed field: its name, the value before and the one after."""
    model = _model(entry.target_type)
    for name, (before, after) in sorted(entry.changes.items()):  # PostgreSQL keeps no order of keys
        field = _field(model, name)
        label = str(getattr(field, "verbose_name", name))
        values = {"field": label, "before": _value(field, before), "after": _value(field, after)}
        yield (
            _("%(field)s: %(before)s → %(after)s") if values["before"] != "—" else _("%(field)s: %(after)s")
        ) % values


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label) if label else None
    except LookupError:
        return None  # an entry outlives the kind of object it speaks of


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _value(field: Any, value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(dict(getattr(field, "flatchoices", None) or ()).get(value, value))
