"""Form d.6: the summary of the appraisal of members, branch by branch in the order of the roll (2-domain d.6)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.errors import NotAllowed
from campaign.common.exact import percent
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.common.text import is_key
from campaign.reports.checks import Check, Discrepancy, Severity, Tables
from campaign.reports.registry import Report, ReportRequest
from orgs.models import MembershipKind
from reviews.models.appraisal import (
    AppraisalGrade,
    AppraisedMember,
    AppraisedMemberQuerySet,
    Attendance,
    BranchState,
    MemberAppraisal,
)
from reviews.selectors.appraisal import SHARE, Votes, branches_without, votes_of

CHUNK = 1000
DECIDED = (BranchState.SUBMITTED, BranchState.CONFIRMED)


def votes_on(place: int) -> Callable[[ReportRequest, str], str]:
    """Return what is behind the number of votes for a grade. Votes are no list: it is their count on the member's page of the
    appraisal. Raises NotAllowed."""

    def page(request: ReportRequest, key: str) -> str:
        entry = _entries(request).filter(pk=int(key) if is_key(key) else 0).first()
        if entry is None:
            raise NotAllowed
        return f"{reverse('appraisal_member', args=[entry.pk])}#votes-{place}"

    return page


SUMMARY = FormSheet(
    name="民主评议党员汇总表",
    title="民主评议党员汇总表",
    freeze=2,
    columns=(
        FormColumn("党组织", width=26),
        FormColumn("姓名", width=10),
        FormColumn("人员类别", width=10, align="center"),
        FormColumn("参加评议情况", width=12, align="center"),
        *(
            FormColumn(header, Kind.INTEGER, width=8, group="民主测评", counts=votes_on(place))
            for place, header in enumerate(("优秀票", "合格票", "基本合格票", "不合格票"))
        ),
        FormColumn("测评结果", width=12, align="center"),
        FormColumn("支部评定等次", width=10, align="center"),
        FormColumn("主要问题或改进措施", width=34),
        FormColumn("本人意见", width=18),
        FormColumn("备注", width=20),
    ),
)


def _entries(request: ReportRequest) -> AppraisedMemberQuerySet:
    """Return the entries of the year of the period that the person may see."""
    seen = request.seen(AppraisedMember.objects.all())
    year = request.period.ends_on.year if request.period else 0
    found: AppraisedMemberQuerySet = (
        seen.filter(
            under(request.organization.path, "organization__path"),
            branch__year=year,
            branch__appraisal__campaign=request.campaign,
        )
        .exclude(branch__state=BranchState.CANCELLED)
        .exclude(attendance=Attendance.LEFT)
    )
    return found


def _rows(request: ReportRequest) -> Iterator[Row]:
    ordered = _entries(request).order_by("organization__path", "branch_id", "member__pinyin", "pk")
    keys = iter(list(ordered.values_list("pk", flat=True)))
    appraisals: dict[int, MemberAppraisal] = {}
    while chunk := list(islice(keys, CHUNK)):
        found = AppraisedMember.objects.select_related("organization", "branch").in_bulk(chunk)
        votes = _votes(found.values(), appraisals)
        for pk in chunk:
            yield _row(found[pk], votes.get((found[pk].branch.appraisal_id, found[pk].member_id)))


def _votes(entries: Any, known: dict[int, MemberAppraisal]) -> dict[tuple[int, int], Votes]:
    """Return the votes on these members, by appraisal and member; one query for each appraisal."""
    by_appraisal: dict[int, list[int]] = {}
    for entry in entries:
        by_appraisal.setdefault(entry.branch.appraisal_id, []).append(entry.member_id)
    missing = by_appraisal.keys() - known.keys()
    known |= MemberAppraisal.objects.select_related("round__ballot").in_bulk(missing)
    return {
        (appraisal, member): votes
        for appraisal, members in by_appraisal.items()
        for member, votes in votes_of(known[appraisal].round, members).items()
    }


def _row(entry: AppraisedMember, votes: Votes | None) -> Row:
    shown: tuple[int | str | None, ...] = (None,) * 4
    result = ""
    if votes is not None and votes.counts is not None:
        shown, result = votes.counts, votes.result
    elif votes is not None:
        result = "不足规定票数" if votes.is_valid else "无效"
    decided = entry.branch.state in DECIDED
    cells = (
        entry.organization.name,
        entry.name,
        entry.get_kind_display(),
        entry.get_attendance_display(),
        *shown,
        result,
        _grade(entry, decided=decided),
        entry.problems if decided else "",
        entry.opinion,
        _remark(entry),
    )
    return Keyed(entry.pk, cells)


def _grade(entry: AppraisedMember, *, decided: bool) -> str:
    if not entry.is_gradable:
        return "不评定"
    return str(entry.get_grade_display()) if decided and entry.grade else "未评定"


def _remark(entry: AppraisedMember) -> str:
    """Why there is no grade, and what follows."""
    said = ["预备党员，不评定等次"] if entry.kind == MembershipKind.PROBATIONARY else []
    said += [entry.attendance_reason] if entry.attendance_reason else []
    if entry.due_on is not None and entry.consequence != "none":
        said.append(f"{entry.get_consequence_display()}，{entry.due_on:%Y-%m-%d}前")
    return "；".join(said)


def foot_line(entries: AppraisedMemberQuerySet) -> str:
    """Return the line under the form: members, taking part, grades, the share of 优秀 against a third. One query."""
    decided = Q(branch__state__in=DECIDED)
    n = entries.order_by().aggregate(
        all=Count("pk"),
        present=Count("pk", filter=Q(attendance=Attendance.PRESENT)),
        graded=Count("pk", filter=decided & ~Q(grade="")),
        **{grade.value: Count("pk", filter=decided & Q(grade=grade)) for grade in AppraisalGrade},
    )
    excellent, graded = n[AppraisalGrade.EXCELLENT], n["graded"]
    check = "符合" if excellent * SHARE <= graded else f"超过三分之一，最多{graded // SHARE}人"
    return (
        f"党员总数{n['all']}人，参评{n['present']}人，评定等次{graded}人；优秀{excellent}人，占{percent(excellent, graded)}"
        f"（三分之一校验：{check}）；合格{n['qualified']}人；基本合格{n['basic']}人；不合格{n['unqualified']}人。"
    )


# -- cross-checks --------------------------------------------------------------------------------------------------------


def _branches(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the branches in which the appraisal of the year has not been begun."""
    year = request.period.ends_on.year if request.period else 0
    missing = branches_without(request.organization, year)
    if request.user is not None:
        missing = missing.visible_to(request.user)
    for pk, name in missing.order_by("path").values_list("pk", "name"):
        yield Discrepancy(
            gettext("%(name)s is in no appraisal of the year.") % {"name": name},
            reverse("organization_detail", args=[pk]),
        )


def _a_third(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the branches in which more than a third are excellent (2-domain b.8)."""
    decided = _entries(request).filter(branch__state__in=DECIDED).order_by()
    counted = decided.values("branch", "organization__name").annotate(
        graded=Count("pk", filter=~Q(grade="")), best=Count("pk", filter=Q(grade=AppraisalGrade.EXCELLENT))
    )
    over = counted.filter(best__gt=0).order_by("organization__path")
    for branch, name, graded, best in over.values_list("branch", "organization__name", "graded", "best"):
        if best * SHARE > graded:
            yield Discrepancy(
                gettext("%(name)s: %(best)d of %(graded)d are excellent, at most %(most)d should be.")
                % {"name": name, "best": best, "graded": graded, "most": graded // SHARE},
                reverse("appraisal_branch", args=[branch]),
            )


BRANCHES_COMPLETE = Check("d.20.2", _("Every active branch is in the appraisal"), _branches, Severity.WARNING)
A_THIRD = Check("d.20.5", _("At most a third are excellent"), _a_third, Severity.WARNING)


def _sheets(request: ReportRequest) -> list[Filled]:
    notes = (
        f"注：1.{foot_line(_entries(request))}2.测评票数不足规定数的不单独列示；测评结果为得票最多的等次，供支部评定参考。",
    )
    return [(replace(SUMMARY, notes=notes), _rows(request))]


MEMBER_APPRAISALS = Report(
    key="member_appraisals",
    form="d.6",
    label=_("Summary of the appraisal of members"),
    description=_(
        "Every member of the appraisal of the period's year: attendance, votes, the grade of the branch, what follows."
    ),
    sheets=_sheets,
    count=lambda request: _entries(request).count(),
    icon="user-check",
    checks=(BRANCHES_COMPLETE, A_THIRD),
)
