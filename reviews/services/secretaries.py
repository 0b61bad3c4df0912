"""Appraising secretaries by their annual reports: set-up, report, questions, ballot, grade, problem list (2-domain b.9)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.attachments.services import attachment_discard, attachment_store
from campaign.audit.services import Changes, audit_record
from campaign.ballots.services import (
    ChoicePlan,
    ClassPlan,
    ItemPlan,
    PaperPlan,
    SubjectPlan,
    papers_add,
    subjects_add,
)
from campaign.common import clock
from campaign.common.access import own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock_and_read
from campaign.models import Audience, Campaign, CampaignState
from orgs.models import Organization
from reviews.models.appraisal import REMARK
from reviews.models.rounds import EvaluationRound
from reviews.models.secretaries import (
    ReportAttachment,
    ReportQuestion,
    ReportState,
    SecretaryAppraisal,
    SecretaryGrade,
    SecretaryReport,
)
from reviews.questionnaires import SECRETARY_APPRAISAL
from reviews.selectors.secretaries import secretaries_without, voters_on
from reviews.services.appraisal_ballots import (
    ballot_begin,
    ballot_leave_out,
    must_have_no_ballot,
    must_manage,
    round_attach,
)
from reviews.workflow.secretaries import REPORTS, SECRETARY_APPRAISALS

LONGEST = 10_000
"""Characters of a report."""
QUESTION = ItemPlan("抓党建工作述职评议")
CHOICES = (
    ChoicePlan("好", 100, True),
    ChoicePlan("较好", 80, True),
    ChoicePlan("一般", 60, True),
    ChoicePlan("差", 40, False),
)
"""In the order of `SecretaryGrade`."""
RATERS = ClassPlan("all", "参会人员", 10_000)


def secretary_appraisal_create(
    *,
    actor: Any,
    campaign: Campaign,
    organization: Organization,
    year: int,
    name: str,
    report_until: dt.date,
    meeting_on: dt.date,
    votes_until: dt.date,
    good_share: int | None = None,
    organizations: Iterable[Organization] | None = None,
) -> SecretaryAppraisal:
    """Set up the appraisal of `year` on the secretaries of `organizations`, or of all below `organization` that have one.

    Those who are in an appraisal of this year already are left out. Raises NotAllowed, or DomainError: a campaign that is
    not running or does not reach the organization, days in the wrong order, nobody left.
    """
    if not reaches(actor, Cap.SECRETARY_MANAGE, organization.path):
        raise NotAllowed
    if campaign.state != CampaignState.RUNNING or not organization.path.startswith(campaign.organization.path):
        raise DomainError(_("Your organization does not take part in this campaign."))
    if not report_until <= meeting_on <= votes_until:
        raise DomainError(_("First come the reports, then the meeting, then the end of the ballot: check the days."))
    found = secretaries_without(organization, year)
    if organizations is not None:
        found = found.filter(organization__in=[each.pk for each in organizations])
    # One report for an organization: the one appointed first, should two hold the position.
    members = {member.organization_id: member for member in found.order_by("-pk")}
    if not members:
        raise DomainError(_("There is no secretary below who is not in an appraisal of this year already."))
    try:
        with transaction.atomic():
            made = SecretaryAppraisal.objects.create(
                campaign=campaign,
                organization=organization,
                year=year,
                name=name.strip(),
                report_until=report_until,
                meeting_on=meeting_on,
                votes_until=votes_until,
                good_share=good_share,
            )
            SecretaryReport.objects.bulk_create(
                (
                    SecretaryReport(appraisal=made, organization_id=place, member=member, year=year, name=member.name)
                    for place, member in sorted(members.items())
                ),
                batch_size=1000,
            )
            changes: Changes = {"name": ["", made.name], "members": [0, len(members)]}
            audit_record(action="secretary_appraisal_create", actor=actor, target=made, changes=changes)
    except IntegrityError as error:
        raise DomainError(
            _("Somebody has just set up an appraisal of this year for one of these secretaries.")
        ) from error
    return made


def secretary_ballot(*, actor: Any, appraisal: SecretaryAppraisal) -> EvaluationRound:
    """Set up the secret ballot: the leaders of the organization and the secretaries vote on everybody, full members of a
    branch on their own secretary; nobody on themselves. It is opened, closed and published like any other round.

    Raises NotAllowed, StateConflict, or DomainError: there is a ballot already, or so few could vote on somebody that
    nothing could be shown.
    """
    must_manage(actor, appraisal, Cap.SECRETARY_MANAGE)
    must_have_no_ballot(appraisal)
    reports = list(appraisal.reports.select_related("member").order_by("organization__path", "pk"))
    voters = voters_on(appraisal, reports)
    few = [each.name for each in reports if len(voters[each.pk]) < settings.BALLOT_K]
    if few:
        raise DomainError(
            _("Fewer than %(k)s people can vote on: %(names)s. Let the appraisal do without a ballot.")
            % {"k": settings.BALLOT_K, "names": "、".join(few[:5])}
        )
    with transaction.atomic():
        ballot = _ballot(appraisal, reports, voters)
        made = round_attach(actor=actor, appraisal=appraisal, ballot=ballot, template=SECRETARY_APPRAISAL)
        audit_record(action="secretary_ballot", actor=actor, target=appraisal)
    appraisal.refresh_from_db()
    return made


def _ballot(
    appraisal: SecretaryAppraisal, reports: Sequence[SecretaryReport], voters: dict[int, frozenset[int]]
) -> Any:
    first, last = appraisal.meeting_on, appraisal.votes_until
    ballot = ballot_begin(question=QUESTION, choices=CHOICES, raters=RATERS, first=first, last=last)
    plans = [SubjectPlan(each.organization_id, each.name, each.member_id) for each in reports]
    made = subjects_add(ballot=ballot, audience=Audience.MEMBER, subjects=plans)
    lists: dict[int, list[int]] = defaultdict(list)
    for report, subject in zip(reports, made, strict=True):
        for voter in voters[report.pk]:
            lists[voter].append(subject.pk)
    papers = [PaperPlan(voter, RATERS.key, tuple(subjects)) for voter, subjects in sorted(lists.items())]
    papers_add(ballot=ballot, papers=papers)
    return ballot


def secretary_step(*, actor: Any, appraisal: SecretaryAppraisal, step: str, reason: str = "") -> SecretaryAppraisal:
    """Close, open again or cancel an appraisal, or let it do without a ballot for a reason that is recorded.

    Raises NotAllowed, StateConflict, or DomainError when a check refuses.
    """
    if step == "secretary_without_ballot":
        return _without_ballot(actor, appraisal, reason)
    if step not in SECRETARY_APPRAISALS.steps:
        raise NotAllowed
    with transaction.atomic():
        SECRETARY_APPRAISALS.take(appraisal, step, actor=actor, reason=reason)
        if step == "secretary_appraisal_cancel":
            appraisal.reports.update(state=ReportState.CANCELLED, updated_at=clock.now())
    return appraisal


def _without_ballot(actor: Any, appraisal: SecretaryAppraisal, reason: str) -> SecretaryAppraisal:
    action, capability = "secretary_without_ballot", Cap.SECRETARY_MANAGE
    ballot_leave_out(actor=actor, appraisal=appraisal, capability=capability, action=action, reason=reason)
    return appraisal


# -- the report ------------------------------------------------------------------------------------------------------------


def must_be_own(actor: Any, report: SecretaryReport) -> None:
    mine = SecretaryReport.objects.allowed(actor, Cap.SECRETARY_WRITE).filter(pk=report.pk)
    if actor.acting_for is not None or not mine.exists():
        raise NotAllowed


def secretary_report_save(
    *,
    actor: Any,
    report: SecretaryReport,
    version: int,
    text: str,
    documents: "Sequence[UploadedFile[Any]]" = (),
) -> SecretaryReport:
    """Save the own report and add `documents`. Raises NotAllowed, EditConflict, or DomainError: handed in already, too
    long, a file that is not permitted."""
    must_be_own(actor, report)
    _must_be_writable(report)
    if len(text.strip()) > LONGEST:
        raise DomainError(_("A report may have up to %(n)s characters. Please shorten it.") % {"n": LONGEST})
    with transaction.atomic():
        report.save_version(version, text=text.strip())
        names = _attach(report, documents, actor)
        changes: Changes = {"attachments": [[], names]} if names else {}
        audit_record(action="secretary_report_save", actor=actor, target=report, changes=changes)
    return report


def _must_be_writable(report: SecretaryReport) -> None:
    if not report.is_writable or not report.appraisal.is_open:
        raise DomainError(_("The report is handed in. Take it back, or ask the organization above to return it."))


def _attach(report: SecretaryReport, documents: "Sequence[UploadedFile[Any]]", actor: Any) -> list[str]:
    if report.attachments.count() + len(documents) > settings.ATTACHMENT_MAX_COUNT:
        raise DomainError(_("At most %(most)s files.") % {"most": settings.ATTACHMENT_MAX_COUNT})
    stored = [attachment_store(file=file, actor=actor) for file in documents]
    ReportAttachment.objects.bulk_create(ReportAttachment(report=report, attachment=each) for each in stored)
    return [each.name for each in stored]


def secretary_file_remove(*, actor: Any, attached: ReportAttachment) -> None:
    """Take a file out of the own report. Raises NotAllowed, or DomainError when it is handed in."""
    report, attachment = attached.report, attached.attachment
    must_be_own(actor, report)
    with transaction.atomic():
        lock_and_read(report)
        _must_be_writable(report)
        attached.delete()
        attachment_discard(attachment=attachment)
        changes: Changes = {"attachments": [[attachment.name], []]}
        audit_record(action="secretary_report_save", actor=actor, target=report, changes=changes)


def secretary_report_step(*, actor: Any, report: SecretaryReport, step: str, reason: str = "") -> SecretaryReport:
    """Hand in, take back, return, or take the grade back. Raises NotAllowed, StateConflict, or DomainError when a check
    refuses. For the grade itself see `secretary_grade`."""
    if step not in REPORTS.steps or step == "secretary_grade":
        raise NotAllowed
    updates: dict[str, Any] = {"version": F("version") + 1}
    if step == "secretary_report_submit":
        updates |= {"submitted_at": clock.now(), "return_reason": ""}
    elif step == "secretary_report_return":
        updates |= {"return_reason": reason.strip()[:REMARK]}
    elif step == "secretary_ungrade":
        updates |= {"graded_at": None}
    return REPORTS.take(report, step, actor=actor, reason=reason, **updates)


def secretary_ask(*, actor: Any, report: SecretaryReport, text: str) -> ReportQuestion:
    """Ask the secretary something about a report that is handed in. Raises NotAllowed, StateConflict, DomainError."""
    if not reaches(actor, Cap.SECRETARY_ASK, report.organization.path) or report.member_id in own_member_ids(actor):
        raise NotAllowed
    with transaction.atomic():
        _must_be_read(report)
        asked = ReportQuestion.objects.create(report=report, asked_by=actor, asked_by_name=actor.name, text=said(text))
        audit_record(action="secretary_ask", actor=actor, target=report)
    return asked


def _must_be_read(report: SecretaryReport) -> None:
    """Raise StateConflict unless the report is handed in and waits for its grade; from now on it stays so until the
    transaction ends."""
    lock_and_read(report)
    if report.state != ReportState.SUBMITTED or not report.appraisal.is_open:
        raise StateConflict


def said(text: str) -> str:
    if not text.strip() or len(text.strip()) > REMARK:
        raise DomainError(_("Please write between 1 and %(n)s characters.") % {"n": REMARK})
    return text.strip()


def secretary_answer(*, actor: Any, question: ReportQuestion, text: str) -> ReportQuestion:
    """Answer a question about the own report, or better the answer until the grade is given.
    Raises NotAllowed, StateConflict, DomainError."""
    report = question.report
    must_be_own(actor, report)
    with transaction.atomic():
        _must_be_read(report)
        question.answer, question.answered_at, question.updated_at = said(text), clock.now(), clock.now()
        question.save(update_fields=("answer", "answered_at", "updated_at"))
        audit_record(action="secretary_answer", actor=actor, target=report)
    return question


def secretary_grade(*, actor: Any, report: SecretaryReport, version: int, grade: str, comment: str) -> SecretaryReport:
    """Give the comprehensive grade with the comment of the organization above; the secretary reads both.

    Raises NotAllowed, StateConflict, or DomainError: no comment, about oneself, the ballot is not published.
    """
    if grade not in SecretaryGrade.values:
        raise DomainError(_("Choose a grade."))
    if not comment.strip() or len(comment.strip()) > LONGEST:
        raise DomainError(_("Please write a comment: what was done well, and what was not."))
    if report.version != version:
        raise StateConflict
    return REPORTS.take(
        report,
        "secretary_grade",
        actor=actor,
        grade=grade,
        comment=comment.strip(),
        graded_at=clock.now(),
        graded_by=actor,
        version=F("version") + 1,
    )
