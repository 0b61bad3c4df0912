"""Annual appraisal of members 民主评议党员 (2-domain b.8): self-appraisal, mutual appraisal, ballot, decision of the branch,
confirmation above, what follows.

The ballot is an evaluation round of its own kind: who answered what is nowhere (docs/ballots.md), only its counts stand
beside the members here.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, Versioned, choice_check
from orgs.models import Member, MembershipKind, Organization, User
from reviews.models.rounds import EvaluationRound
from reviews.models.yearly import AppraisalState, PartQuerySet, YearlyAppraisal, YearlyAppraisalQuerySet

REMARK = 500
"""Characters of a remark, of the problems that are noted, of an opinion."""


class AppraisalGrade(models.TextChoices):
    """The four grades (2-domain b.8), the best first, as they stand on the ballot."""

    EXCELLENT = "excellent", pgettext_lazy("appraisal", "Excellent")
    QUALIFIED = "qualified", pgettext_lazy("appraisal", "Qualified")
    BASIC = "basic", pgettext_lazy("appraisal", "Basically qualified")
    UNQUALIFIED = "unqualified", pgettext_lazy("appraisal", "Unqualified")


WEAK = (AppraisalGrade.BASIC, AppraisalGrade.UNQUALIFIED)
"""Whoever gets one of these is told what is wrong, and by when it has to be better."""


class MemberAppraisalQuerySet(YearlyAppraisalQuerySet["MemberAppraisal"]):
    view_capability: ClassVar[Cap] = Cap.APPRAISAL_VIEW


class MemberAppraisal(YearlyAppraisal):
    """The appraisal of one year that an organization holds in all branches below it, or in some: one set-up for all."""

    self_until = models.DateField(_("self-appraisal until"))
    votes_from = models.DateField(_("ballot from"))
    votes_until = models.DateField(_("ballot until"))
    decide_until = models.DateField(_("branches decide until"))
    round = models.OneToOneField(
        EvaluationRound, models.PROTECT, null=True, related_name="member_appraisal", verbose_name=_("ballot")
    )

    objects = MemberAppraisalQuerySet.as_manager()

    class Meta(YearlyAppraisal.Meta):
        verbose_name = _("appraisal of members")
        verbose_name_plural = _("appraisals of members")
        constraints = (
            choice_check("state", AppraisalState, "appraisal_state"),
            models.CheckConstraint(
                condition=Q(votes_until__gte=F("votes_from"))
                & Q(decide_until__gte=F("votes_until"))
                & Q(decide_until__gte=F("self_until")),
                name="appraisal_days",
            ),
        )


class BranchState(models.TextChoices):
    WRITING = "writing", _("Self and mutual appraisal")
    SUBMITTED = "submitted", _("Decided, waits for confirmation")
    RETURNED = "returned", pgettext_lazy("appraisal", "Returned")
    CONFIRMED = "confirmed", pgettext_lazy("appraisal", "Confirmed")
    CANCELLED = "cancelled", pgettext_lazy("appraisal", "Cancelled")


EDITABLE = (BranchState.WRITING, BranchState.RETURNED)
"""While a branch is at one of these its members write, and its secretary enters what was decided."""


class BranchAppraisalQuerySet(PartQuerySet["BranchAppraisal"]):
    view_capability: ClassVar[Cap] = Cap.APPRAISAL_VIEW


class BranchAppraisal(Versioned):
    """What one branch does in an appraisal. `year` is that of the appraisal: a branch has one a year."""

    appraisal = models.ForeignKey(MemberAppraisal, models.CASCADE, related_name="branches", verbose_name=_("appraisal"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="member_appraisals", verbose_name=_("party branch")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    state = models.CharField(_("state"), max_length=9, choices=BranchState.choices, default=BranchState.WRITING)
    has_ballot = models.BooleanField(_("votes by secret ballot"), default=True)
    """False where so few may vote that nothing could be shown: noted when the ballot is set up."""
    met_on = models.DateField(_("decided at the meeting of"), null=True)
    remarks = models.CharField(_("explanation"), max_length=REMARK, blank=True)
    submitted_at = models.DateTimeField(_("handed in at"), null=True, editable=False)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("handed in by"))
    decided_at = models.DateTimeField(_("confirmed or returned at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed or returned by")
    )
    return_reason = models.CharField(_("reason of the return"), max_length=REMARK, blank=True)

    objects = BranchAppraisalQuerySet.as_manager()

    class Meta:
        verbose_name = _("appraisal of a branch")
        verbose_name_plural = _("appraisals of branches")
        ordering = ("-year", "organization__path", "pk")
        constraints = (
            choice_check("state", BranchState, "branch_appraisal_state"),
            models.UniqueConstraint(fields=("appraisal", "organization"), name="branch_appraisal_once"),
            models.UniqueConstraint(
                fields=("organization", "year"), condition=~Q(state=BranchState.CANCELLED), name="branch_appraisal_year"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("submitted", "confirmed")) | Q(submitted_at__isnull=False),
                name="branch_appraisal_submitted",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("returned", "confirmed")) | Q(decided_at__isnull=False),
                name="branch_appraisal_decided",
            ),
        )
        indexes = (models.Index(fields=("state", "organization"), name="branch_appraisal_at"),)

    def __str__(self) -> str:
        return f"{self.organization} · {self.year}"

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_confirmed(self) -> bool:
        return self.state == BranchState.CONFIRMED


class Attendance(models.TextChoices):
    PRESENT = "present", _("Takes part")
    ABSENT = "absent", _("Absent with reason")
    EXEMPT = "exempt", _("Exempt")
    LEFT = "left", _("No longer in the branch")


GRADED = (Attendance.PRESENT, Attendance.ABSENT)
"""Who may be graded: who was away is graded by what is known, or not at all."""


class Consequence(models.TextChoices):
    """What follows an appraisal (2-domain b.8; what the party rules allow is decided outside)."""

    NONE = "none", pgettext_lazy("consequence", "None")
    TALK = "talk", _("Reminded in a talk")
    RECTIFY = "rectify", _("To be put right within a deadline")
    LEAVE = "leave", _("Persuaded to leave the party")
    REMOVE = "remove", _("Removed from the party")


class FollowUp(models.TextChoices):
    NONE = "none", pgettext_lazy("follow-up", "Nothing to follow")
    OPEN = "open", pgettext_lazy("follow-up", "To be followed up")
    DONE = "done", pgettext_lazy("follow-up", "Done")


class AppraisedMemberQuerySet(ScopedQuerySet["AppraisedMember"]):
    view_capability: ClassVar[Cap] = Cap.APPRAISAL_VIEW
    person_lookup: ClassVar[str | None] = "member__user"

    def gradable(self) -> "AppraisedMemberQuerySet":
        """Keep those who may be graded: probationary members are listed, and get no grade (2-domain b.3, b.8)."""
        return self.filter(kind=MembershipKind.FULL, attendance__in=GRADED)


class AppraisedMember(Versioned):
    """One member in the appraisal of the branch in which they were enrolled then (`organization`)."""

    branch = models.ForeignKey(BranchAppraisal, models.CASCADE, related_name="members", verbose_name=_("appraisal"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("party branch"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="appraisals", verbose_name=_("party member"))
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    kind = models.CharField(_("membership"), max_length=12, choices=MembershipKind.choices)
    attendance = models.CharField(_("attendance"), max_length=7, choices=Attendance.choices, default=Attendance.PRESENT)
    attendance_reason = models.CharField(pgettext_lazy("attendance", "reason"), max_length=200, blank=True)
    self_text = models.TextField(_("self-appraisal"), blank=True)
    self_grade = models.CharField(_("own grade"), max_length=11, choices=AppraisalGrade.choices, blank=True)
    self_at = models.DateTimeField(_("self-appraisal handed in at"), null=True, editable=False)
    grade = models.CharField(_("grade of the branch"), max_length=11, choices=AppraisalGrade.choices, blank=True)
    problems = models.CharField(_("main problems and measures"), max_length=REMARK, blank=True)
    consequence = models.CharField(
        _("consequence"), max_length=7, choices=Consequence.choices, default=Consequence.NONE
    )
    due_on = models.DateField(_("to be done by"), null=True)
    opinion = models.CharField(_("opinion of the member"), max_length=REMARK, blank=True)
    opinion_at = models.DateTimeField(_("opinion given at"), null=True, editable=False)
    follow_up = models.CharField(_("follow-up"), max_length=4, choices=FollowUp.choices, default=FollowUp.NONE)
    outcome = models.CharField(_("outcome"), max_length=REMARK, blank=True)
    done_on = models.DateField(_("done on"), null=True, editable=False)

    objects = AppraisedMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("appraised member")
        verbose_name_plural = _("appraised members")
        ordering = ("branch", "member__pinyin", "pk")
        constraints = (
            choice_check("kind", MembershipKind, "appraised_kind"),
            choice_check("attendance", Attendance, "appraised_attendance"),
            choice_check("self_grade", AppraisalGrade, "appraised_self_grade", blank=True),
            choice_check("grade", AppraisalGrade, "appraised_grade", blank=True),
            choice_check("consequence", Consequence, "appraised_consequence"),
            choice_check("follow_up", FollowUp, "appraised_follow_up"),
            models.UniqueConstraint(fields=("branch", "member"), name="appraised_once"),
            models.CheckConstraint(
                condition=Q(grade="") | Q(kind=MembershipKind.FULL, attendance__in=GRADED), name="appraised_gradable"
            ),
            models.CheckConstraint(
                condition=Q(consequence=Consequence.NONE) | Q(due_on__isnull=False), name="appraised_due"
            ),
        )
        indexes = (
            models.Index(fields=("member", "branch"), name="appraised_of_member"),
            models.Index(fields=("follow_up", "due_on"), condition=Q(follow_up="open"), name="appraised_following"),
        )

    def __str__(self) -> str:
        return f"{self.name} · {self.branch.year}"

    @property
    def is_gradable(self) -> bool:
        return self.kind == MembershipKind.FULL and self.attendance in GRADED

    @property
    def is_overdue(self) -> bool:
        return self.follow_up == FollowUp.OPEN and self.due_on is not None and self.due_on < clock.today()


class PeerRemark(TimeStamped):
    """What a member says to a colleague in mutual appraisal 党员互评: with the name, as at the meeting of the branch."""

    about = models.ForeignKey(AppraisedMember, models.CASCADE, related_name="remarks_received")
    author = models.ForeignKey(AppraisedMember, models.CASCADE, related_name="remarks_given")
    text = models.CharField(pgettext_lazy("mutual appraisal", "remark"), max_length=REMARK)

    class Meta:
        verbose_name = _("remark in mutual appraisal")
        ordering = ("author__member__pinyin", "pk")
        constraints = (
            models.UniqueConstraint(fields=("about", "author"), name="peer_remark_once"),
            models.CheckConstraint(condition=~Q(about=F("author")), name="peer_remark_of_another"),
        )

    def __str__(self) -> str:
        return str(self.about)
