"""What an entry of the log says in words: the action, and each changed field with its values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.models import AuditEntry
from campaign.common.access import titled
from campaign.common.capabilities import Role
from campaign.common.registry import Registry
from campaign.common.workflow import workflows

ACTIONS: dict[str, str | Promise] = {
    "appraisal_attendance": gettext_lazy("Note the attendance of an appraisal"),
    "appraisal_ballot": gettext_lazy("Set up the ballot of an appraisal"),
    "appraisal_create": gettext_lazy("Set up an appraisal of members"),
    "appraisal_decide": gettext_lazy("Enter the decision of a branch"),
    "appraisal_grade": gettext_lazy("Grade a member"),
    "appraisal_opinion": gettext_lazy("Give an opinion on one's own appraisal"),
    "appraisal_roll": gettext_lazy("Bring the roll of an appraisal up to date"),
    "appraisal_update": gettext_lazy("Change an appraisal of members"),
    "appraisal_without_ballot": gettext_lazy("Let branches decide without a ballot"),
    "audit_export": gettext_lazy("Export the audit log"),
    "adjustment_request": gettext_lazy("Ask for the change of a pledge item"),
    "ballots_plan": gettext_lazy("Prepare slips or ballots on paper"),
    "ballots_remove": gettext_lazy("Remove slips or ballots on paper"),
    "batch_create": gettext_lazy("Create an award batch"),
    "batch_update": gettext_lazy("Change an award batch"),
    "bulletin_publish": gettext_lazy("Publish the fulfilment of a quarter"),
    "bulletin_withdraw": gettext_lazy("Withdraw the publication of a quarter"),
    "campaign_create": gettext_lazy("Create a campaign"),
    "campaign_stage_update": gettext_lazy("Change a campaign stage"),
    "code_issue": gettext_lazy("Issue a one-time code"),
    "code_renew": gettext_lazy("Renew a one-time code"),
    "code_sheet_create": gettext_lazy("Make a sheet of one-time codes"),
    "code_sheet_delete": gettext_lazy("Delete a sheet of one-time codes"),
    "code_sheet_print": gettext_lazy("Print one-time codes"),
    "contact_assign": gettext_lazy("Assign a contact point"),
    "contact_end": gettext_lazy("End a contact point"),
    "contact_remove": gettext_lazy("Take out a contact point"),
    "contact_update": gettext_lazy("Change a contact point"),
    "contact_visit_record": gettext_lazy("Record a visit"),
    "contact_visit_remove": gettext_lazy("Take out the record of a visit"),
    "contact_visit_update": gettext_lazy("Change a visit"),
    "delegation_act": gettext_lazy("Begin to act for somebody"),
    "delegation_end": gettext_lazy("Take a role back from a deputy"),
    "delegation_give": gettext_lazy("Hand a role to a deputy"),
    "delegation_rest": gettext_lazy("Stop acting for somebody"),
    "demo_seed": gettext_lazy("Load the demo data"),
    "enrolment_add": gettext_lazy("Enter an earlier branch"),
    "enrolment_change": gettext_lazy("Correct the days in a branch"),
    "enrolment_remove": gettext_lazy("Take out an earlier branch"),
    "head_count_set": gettext_lazy("Enter a head count of workers"),
    "import_apply": gettext_lazy("Import a workbook"),
    "import_undo": gettext_lazy("Undo an import"),
    "import_undo_change": gettext_lazy("Give back the values before an import"),
    "import_undo_new": gettext_lazy("Take out what an import made"),
    "import_upload": gettext_lazy("Upload a workbook"),
    "evidence_add": gettext_lazy("Add evidence to a pledge"),
    "evidence_export": gettext_lazy("Download all evidence of a pledge"),
    "evidence_open": gettext_lazy("Open evidence of a pledge"),
    "evidence_remove": gettext_lazy("Take evidence of a pledge out"),
    "item_explain": gettext_lazy("Explain why an item was not kept"),
    "job_download": gettext_lazy("Download a file"),
    "leader_review_create": gettext_lazy("Write a leader review"),
    "leader_review_discard": gettext_lazy("Discard a leader review"),
    "leader_review_update": gettext_lazy("Change a leader review"),
    "paper_count_enter": gettext_lazy("Enter the count of ballots on paper"),
    "paper_count_withdraw": gettext_lazy("Take back the count of ballots on paper"),
    "slip_exchange": gettext_lazy("Exchange a slip that was handed back"),
    "slips_block": gettext_lazy("Block slips"),
    "slips_print": gettext_lazy("Print slips"),
    "slips_renew": gettext_lazy("Make slips anew"),
    "leadership_appoint": gettext_lazy("Give a function in the campaign"),
    "leadership_end": gettext_lazy("End a function in the campaign"),
    "leadership_remove": gettext_lazy("Take out a function in the campaign"),
    "leadership_update": gettext_lazy("Change a function in the campaign"),
    "list_export": gettext_lazy("Export a list"),
    "list_send": gettext_lazy("Send a list as a workbook"),
    "list_store": gettext_lazy("Store a list from a workbook"),
    "list_undo": gettext_lazy("Take back what a workbook stored"),
    "login": gettext_lazy("Sign in"),
    "login_lock": gettext_lazy("Lock after failed sign-ins"),
    "logout": gettext_lazy("Sign out"),
    "member_create": gettext_lazy("Add a member"),
    "member_move": gettext_lazy("Move a member to another organization"),
    "member_transfer": gettext_lazy("Move a member by transfer"),
    "member_update": gettext_lazy("Change a member"),
    "nomination_create": gettext_lazy("Write a nomination"),
    "nomination_update": gettext_lazy("Change a nomination"),
    "organization_absorb": gettext_lazy("Take an organization in"),
    "organization_activate": gettext_lazy("Put an organization into use again"),
    "organization_create": gettext_lazy("Add an organization"),
    "organization_deactivate": gettext_lazy("Put an organization out of use"),
    "organization_elect": gettext_lazy("Begin a new term"),
    "organization_extend_term": gettext_lazy("Extend a term"),
    "organization_merge": gettext_lazy("Merge an organization into another"),
    "organization_move": gettext_lazy("Move an organization"),
    "organization_split": gettext_lazy("Split an organization"),
    "organization_update": gettext_lazy("Change an organization"),
    "password_change": gettext_lazy("Change the password"),
    "password_choose": gettext_lazy("Choose a password with a one-time code"),
    "password_mail": gettext_lazy("Mail a link for a new password"),
    "password_set_by_link": gettext_lazy("Set the password by a link"),
    "personal_unmask": gettext_lazy("Read personal data in full"),
    "peer_remarks": gettext_lazy("Write remarks on colleagues"),
    "plan_create": gettext_lazy("Write an implementation plan"),
    "plan_download": gettext_lazy("Download a file of an implementation plan"),
    "plan_update": gettext_lazy("Change an implementation plan"),
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
    "pledge_import_store": gettext_lazy("Write a pledge by workbook"),
    "pledge_import_undo": gettext_lazy("Take back a pledge written by workbook"),
    "pledge_start": gettext_lazy("Begin a pledge"),
    "policy_update": gettext_lazy("Change the rules of signing in"),
    "position_begin": gettext_lazy("Enter a party position"),
    "position_change": gettext_lazy("Correct or end a party position"),
    "position_remove": gettext_lazy("Take out a party position"),
    "probation_extend": gettext_lazy("Extend a probation"),
    "probation_finish": gettext_lazy("Make a full member"),
    "pledge_rules_update": gettext_lazy("Change the rules for pledges"),
    "progress_add": gettext_lazy("Report progress"),
    "progress_remove": gettext_lazy("Take an entry of progress back"),
    "record_export": gettext_lazy("Export a record"),
    "recovery_codes_renew": gettext_lazy("Renew the recovery codes"),
    "report_export": gettext_lazy("Export a report"),
    "report_print": gettext_lazy("Open the print view of a report"),
    "report_view_delete": gettext_lazy("Delete an own view of a report"),
    "report_view_save": gettext_lazy("Save an own view of a report"),
    "schedule_create": gettext_lazy("Set up a monthly export"),
    "schedule_end": gettext_lazy("End a monthly export"),
    "schedule_pause": gettext_lazy("Pause a monthly export"),
    "schedule_resume": gettext_lazy("Resume a monthly export"),
    "role_end": gettext_lazy("Withdraw a role"),
    "role_grant": gettext_lazy("Grant a role"),
    "round_close": gettext_lazy("Close an evaluation round"),
    "round_create": gettext_lazy("Set up an evaluation round"),
    "round_extend": gettext_lazy("Extend a round"),
    "round_forget": gettext_lazy("Delete who voted in a round"),
    "round_leave_out": gettext_lazy("Leave classes without raters out"),
    "entry_add": gettext_lazy("Enter a bonus, deduction or veto"),
    "entry_change": gettext_lazy("Change a bonus, deduction or veto"),
    "entry_confirm": gettext_lazy("Confirm a bonus, deduction or veto"),
    "entry_download": gettext_lazy("Download the evidence of a bonus or deduction"),
    "entry_keep": gettext_lazy("Let a bonus, deduction or veto count on"),
    "entry_propose": gettext_lazy("Propose a bonus for an honour"),
    "entry_recall": gettext_lazy("Ask for a bonus, deduction or veto to be taken back"),
    "entry_refuse": gettext_lazy("Close a bonus, deduction or veto"),
    "entry_revoke": gettext_lazy("Take a bonus, deduction or veto back"),
    "freeze_confirm": gettext_lazy("Freeze a period"),
    "freeze_request": gettext_lazy("Ask for a period to be frozen"),
    "freeze_withdraw": gettext_lazy("Leave a period unfrozen"),
    "period_remove": gettext_lazy("Take out a period"),
    "periods_add": gettext_lazy("Add scoring periods"),
    "score_refresh": gettext_lazy("Bring scores up to date"),
    "round_roll_change": gettext_lazy("Change the roll of an open round"),
    "round_update": gettext_lazy("Change an evaluation round"),
    "score_run": gettext_lazy("Compute scores"),
    "report_problem_add": gettext_lazy("Put a problem on the list of a secretary"),
    "report_problem_change": gettext_lazy("Change a problem of a secretary"),
    "report_problem_remove": gettext_lazy("Take a problem off the list of a secretary"),
    "report_problem_plan": gettext_lazy("Write measures for a problem"),
    "secretary_answer": gettext_lazy("Answer a question about a report"),
    "secretary_appraisal_create": gettext_lazy("Set up an appraisal of secretaries"),
    "secretary_ask": gettext_lazy("Ask about a report"),
    "secretary_ballot": gettext_lazy("Set up the ballot of an appraisal of secretaries"),
    "secretary_download": gettext_lazy("Download a file of a report"),
    "secretary_report_save": gettext_lazy("Change a report as secretary"),
    "secretary_without_ballot": gettext_lazy("Grade secretaries without a ballot"),
    "self_appraisal": gettext_lazy("Hand in one's own appraisal"),
    "sessions_end": gettext_lazy("Sign out on other devices"),
    "sheet_begin": gettext_lazy("Begin a version of a score sheet"),
    "sheet_change": gettext_lazy("Change the draft of a score sheet"),
    "sheet_remove": gettext_lazy("Throw away the draft of a score sheet"),
    "sheet_save": gettext_lazy("Save a score sheet"),
    "sheet_use": gettext_lazy("Put a score sheet into use"),
    "transfer_overtaken": gettext_lazy("Withdraw an overtaken transfer"),
    "transfer_request": gettext_lazy("Ask for a transfer"),
    "two_factor_disable": gettext_lazy("Switch the second factor off"),
    "two_factor_enable": gettext_lazy("Switch the second factor on"),
    "two_factor_recover": gettext_lazy("Sign in with a recovery code"),
    "two_factor_reset": gettext_lazy("Reset a second factor"),
    "user_activate": gettext_lazy("Put an account into use again"),
    "user_create": gettext_lazy("Create an account"),
    "user_deactivate": gettext_lazy("Put an account out of use"),
    "user_hand_over": gettext_lazy("Move an account to the kept record of its member"),
    "user_reset_password": gettext_lazy("Reset a password"),
    "user_unlock": gettext_lazy("Unlock an account"),
    "user_update": gettext_lazy("Change an account"),
    "worker_create": gettext_lazy("Add a worker"),
    "worker_restore": gettext_lazy("Put a worker on the list again"),
    "worker_retire": gettext_lazy("Take a worker off the list"),
    "worker_update": gettext_lazy("Change a worker"),
    "double_dismiss": gettext_lazy("Say that two members are two persons"),
    "double_resolve": gettext_lazy("End the double of a member"),
    "double_restore": gettext_lazy("Suspect two members again"),
    "double_take_over": gettext_lazy("Take over from the double of a member"),
}
"""Actions that are no steps of a workflow; those bring their own labels."""


FIELDS: dict[str, str | Promise] = {
    "role": gettext_lazy("role"),
    "dates": gettext_lazy("dates"),
    "deputy": gettext_lazy("deputy"),
    "rows": gettext_lazy("rows"),
    "report": gettext_lazy("report"),
    "items": gettext_lazy("items of the pledge"),
    "unmasked": gettext_lazy("unmasked"),
    "file": gettext_lazy("file"),
    "file_name": gettext_lazy("file"),
    "id_number": gettext_lazy("id number"),
    "new": gettext_lazy("records made"),
    "changed": gettext_lazy("records changed"),
    "unchanged": gettext_lazy("records unchanged"),
    "missing": gettext_lazy("records missing in the file"),
    "mistakes": gettext_lazy("mistakes"),
    "sessions": gettext_lazy("places signed in"),
    "part": gettext_lazy("part of the sheet"),
    "codes": gettext_lazy("one-time codes"),
    "left": gettext_lazy("recovery codes left"),
    "split_off": gettext_lazy("organization split off"),
    "absorbed": gettext_lazy("organization taken over"),
    "attachments": gettext_lazy("attachments"),
    "branches": gettext_lazy("party branches"),
    "members": gettext_lazy("members"),
    "remarks": gettext_lazy("remarks on colleagues"),
    "progress": gettext_lazy("progress"),
    "item": gettext_lazy("pledged item"),
    "channel": gettext_lazy("how they vote"),
    "count": gettext_lazy("number"),
    "batch": gettext_lazy("batch of ballot papers"),
    "subject": gettext_lazy("evaluated"),
    "entered": gettext_lazy("joined"),
    "struck": gettext_lazy("left"),
    "roll_digest": gettext_lazy("hash of the roll"),
    "digest": gettext_lazy("digest"),
    "template": gettext_lazy("template"),
    "explanation": gettext_lazy("explanation"),
    "found": gettext_lazy("what was found"),
    "answer": gettext_lazy("answer"),
    "set_up": gettext_lazy("what was set up"),
    "visited_on": gettext_lazy("visited on"),
    "mode": gettext_lazy("kind of visit"),
    "summary": gettext_lazy("what was seen and said"),
    "problems": gettext_lazy("problems raised"),
    "follow_up": gettext_lazy("what became of them"),
}
"""What is noted with an action and is no field of its object."""


@dataclass(frozen=True)
class Noted:
    """How an app says what it notes with an action and is no field of the object: `key` is "app.model name", the name
    without a number behind it."""

    key: str
    words: Callable[[Any], str]


noted: Registry[Noted] = Registry("noted values")


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


def who(entry: AuditEntry) -> str:
    """Return who did it, and on whose behalf."""
    name = entry.actor_name or _("The system")
    if not entry.on_behalf_name:
        return name
    return _("%(name)s for %(principal)s") % {"name": name, "principal": entry.on_behalf_name}


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
        label = str(getattr(field, "verbose_name", "")) or _label(name)
        key = f"{entry.target_type} {name.split(' ')[0]}"
        words = noted.get(key).words if key in noted else _value_of(field or name)
        values = {"field": label, "before": words(before), "after": words(after)}
        yield (
            _("%(field)s: %(before)s → %(after)s") if values["before"] != "—" else _("%(field)s: %(after)s")
        ) % values


def _label(name: str) -> str:
    """Return the name of what is noted and is no field of the object."""
    if name.startswith("item "):
        return _("item %(number)s") % {"number": name.removeprefix("item ")}
    return str(FIELDS.get(name, name))


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


def _value_of(field: Any) -> Callable[[Any], str]:
    return lambda value: _value(field, value)


def _value(field: Any, value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "、".join(_value(field, each) for each in value)
    if isinstance(value, dict):
        return "；".join(f"{key}：{_value(key, each)}" for key, each in sorted(value.items()))
    if field == "role":
        code, _dot, rest = str(value).partition(" · ")
        place = rest.removesuffix(" · interim")
        return f"{titled(dict(Role.choices).get(code, code), is_interim=place != rest)} · {place}"
    return str(dict(getattr(field, "flatchoices", None) or ()).get(value, value))
