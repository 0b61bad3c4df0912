"""What the small demo has not, made through the services so that its pages can be looked at: a step that waits for somebody,
a workbook that was sent, a sheet of codes, a screen in a hall, an account with a second factor."""

import datetime as dt
import re
import secrets

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_otp.oath import totp

from awards.importers import NOMINATION_LIST
from awards.models import AwardCategory, BatchState
from campaign.ballots.models import Batch, Paper
from campaign.ballots.slips import batch_codes, code_digest
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.filings.services import plan_create
from campaign.lists.models import SentList
from campaign.lists.services import list_send
from campaign.models import Audience, Campaign
from campaign.scoring.importers.entries import ENTRY_LIST
from campaign.scoring.importers.items import ITEM_LIST
from campaign.scoring.models import EntryKind, ScoreFreeze, ScoreSheet
from campaign.scoring.services import entry_add
from orgs.importers.contacts import CONTACT_LIST
from orgs.importers.leadership import LEADERSHIP_LIST
from orgs.importers.visits import VISIT_LIST
from orgs.models import CodePurpose, ContactPoint, ImportKind, Organization, User
from orgs.services import code_sheet_request
from orgs.services.imports import import_upload
from orgs.services.passwords import reset_link_send
from orgs.services.two_factor import two_factor_enable
from pledges.importers import PLEDGE_LIST
from pledges.models import Pledge, PledgeItem, PledgeState
from pledges.services import (
    adjustment_request,
    boardlink_create,
    check_add,
    comment_add,
    comment_show,
)
from reviews.importers.leader import REVIEWS
from reviews.importers.secretaries import PROBLEM_LIST
from reviews.models import LeaderReview, ReviewState, SecretaryReport
from reviews.models.secretaries import ReportState
from reviews.selectors.leader import due_members
from reviews.services.secretaries import (
    secretary_appraisal_create,
    secretary_ask,
    secretary_report_save,
    secretary_report_step,
)
from tests.orgs.books import person, roster


def rare_pages(campaign: Campaign) -> list[str]:
    """Make what waits for the secretary, and what staff and administrators have begun; returns the addresses."""
    secretary = User.objects.get(username="secretary")
    branch = secretary.organization
    return [
        *_of_pledges(campaign, branch, secretary),
        reverse("plan_edit", args=[_plan(campaign, branch, secretary)]),
        *_of_workbooks(campaign, branch, secretary),
        reverse("code_sheet_detail", args=[_sheet()]),
        reverse("secretary_answer", args=_asked(secretary)),
        *_of_scores(campaign, branch),
    ]


def _of_scores(campaign: Campaign, branch: Organization) -> list[str]:
    """A bonus that a second person has to confirm, the request to freeze the half-year that is over, the draft of a sheet."""
    office = User.objects.get(username="office")
    bonus = entry_add(
        actor=office,
        campaign=campaign,
        subject=branch,
        kind=EntryKind.BONUS,
        happened_on=campaign.starts_on,
        reason="荣获集团公司安全生产先进集体",
        basis="集团公司表彰决定",
        points=2_00,
        work="安全生产先进集体",
    )
    asked = ScoreFreeze.objects.get(period__campaign=campaign)
    draft = ScoreSheet.objects.filter(campaign=campaign, state="draft").earliest("pk")
    building = ("sheet_edit", "sheet_preview", "sheet_use")
    heading = "评分项目,满分,取用数据,计分方法,目标值、分档或扣分,无可计量内容时,计入栏目"
    said = f"{heading}\n承诺兑现,5,承诺兑现率,按比例得分,100,不得分,承诺践诺\n"
    items = list_send(kind=ITEM_LIST, place=draft.pk, actor=office, content=said.encode(), file_name="评分项目.csv")
    return [
        reverse("item_import_detail", args=[items.pk]),
        reverse("entry_edit", args=[bonus.pk]),
        reverse("entry_detail", args=[bonus.pk]),
        reverse("freeze_detail", args=[asked.pk]),
        reverse("sheet_begin", args=[campaign.pk]),
        *(reverse(name, args=[draft.pk]) for name in building),
    ]


def _asked(secretary: User) -> list[int]:
    """A question about a report as secretary that is handed in; the demo's own is still being written."""
    staff = User.objects.get(username="staff")
    year, today = clock.today().year + 1, clock.today()
    company = Organization.objects.get(pk=staff.organization_id)
    appraisal = secretary_appraisal_create(
        actor=staff,
        campaign=Campaign.objects.get(),
        organization=company,
        year=year,
        name=f"{year}年度党支部书记述职评议",
        report_until=today,
        meeting_on=today,
        votes_until=today,
        organizations=Organization.objects.filter(pk=secretary.organization_id),
    )
    report = SecretaryReport.objects.select_related("appraisal", "organization", "member").get(appraisal=appraisal)
    secretary_report_save(actor=secretary, report=report, version=1, text="一年来组织生活十二次。")
    secretary_report_step(actor=secretary, report=report, step="secretary_report_submit")
    return [report.pk, secretary_ask(actor=staff, report=report, text="年轻党员怎么培养？").pk]


def _of_pledges(campaign: Campaign, branch: Organization, secretary: User) -> list[str]:
    """A change of an item that waits for a decision, what was asked for when the pledge was looked at, a question."""
    shown = Pledge.objects.public().on_display().filter(campaign=campaign, organization=branch)
    item = PledgeItem.objects.filter(
        pledge__in=shown.exclude(member=None).filter(state__in=(PledgeState.PUBLISHED, PledgeState.IN_PROGRESS)),
        result="pending",
    ).first()
    assert item is not None
    changed = adjustment_request(
        item=item,
        actor=item.pledge.member.user,
        reason="设备到货推迟",
        text=item.text,
        target="完成两轮检修",
        due_on=campaign.ends_on,
    )
    own = shown.filter(member=None).first()
    assert own is not None
    staff = User.objects.get(username="staff")
    check = check_add(
        pledge=own, actor=staff, found="台账缺三月份记录。", request="补齐台账。", answer_by=clock.today()
    )
    asker = User.objects.filter(member__organization=branch).exclude(member=item.pledge.member).exclude(pk=secretary.pk)
    asked = comment_add(pledge=item.pledge, actor=asker.first(), text="检修完成后由谁验收？", kind="question")
    comment_show(comment=asked, actor=secretary)
    return [
        reverse("adjustment_decide", args=[changed.pk]),
        reverse("pledge_check_answer", args=[check.pk]),
        reverse("comment_answer", args=[asked.pk]),
    ]


def _plan(campaign: Campaign, branch: Organization, secretary: User) -> int:
    return plan_create(
        actor=secretary, campaign=campaign, organization=branch, title="创先争优活动实施方案", summary="三项措施"
    ).pk


def _of_workbooks(campaign: Campaign, branch: Organization, secretary: User) -> list[str]:
    """A roster and a table of pledges that were found good and are not stored yet."""
    staff = User.objects.get(username="staff")
    book = roster(*(person(number, 所在党组织=branch.name) for number in range(1, 4)))
    batch = import_upload(
        actor=staff,
        kind=ImportKind.MEMBERS,
        organization=staff.organization,
        file=SimpleUploadedFile("名册.xlsx", book),
    )
    name = branch.members.filter(user__username="member").get().name
    rows = f"姓名,承诺事项,衡量标准,完成时限\n{name},带好一名徒弟,出师,{campaign.ends_on}\n"
    pledges = list_send(kind=PLEDGE_LIST, place=branch.pk, actor=secretary, content=rows.encode(), file_name="承诺.csv")
    graded = SecretaryReport.objects.filter(organization=branch, state=ReportState.GRADED).latest("pk")
    said = f"党组织,存在问题,整改时限\n{branch.name},学习记录不全,{clock.today()}\n"
    book = f"党组织,联系领导,开始日期\n{branch.name},{name},{clock.today()}\n"
    contacts = list_send(
        kind=CONTACT_LIST, place=staff.organization_id, actor=staff, content=book.encode(), file_name="联系点.csv"
    )
    leaders = _of_leading_groups(branch, staff)
    problems = list_send(
        kind=PROBLEM_LIST, place=graded.appraisal_id, actor=staff, content=said.encode(), file_name="问题.csv"
    )
    name = _unreviewed(branch, secretary)
    said = f"党组织,姓名,点评方式,点评日期,肯定成绩\n{branch.name},{name},现场点评,{clock.today()},带头\n"
    reviews = list_send(kind=REVIEWS, place=branch.pk, actor=secretary, content=said.encode(), file_name="点评.csv")
    heading = "编码,类别,分值,日期,事由,依据"
    said = f"{heading}\n{branch.code},加分,1,{clock.today()},技术革新,集团通报\n"
    entries = list_send(kind=ENTRY_LIST, place=campaign.pk, actor=staff, content=said.encode(), file_name="加分.csv")
    return [
        reverse("nomination_import_detail", args=[_nominations(branch, secretary).pk]),
        reverse("entry_import_detail", args=[entries.pk]),
        reverse("contact_import_detail", args=[contacts.pk]),
        reverse("leadership_import_detail", args=[leaders.pk]),
        reverse("contact_visit_import_detail", args=[_of_visits(staff).pk]),
        reverse("problem_import_detail", args=[problems.pk]),
        reverse("review_import_detail", args=[reviews.pk]),
        reverse("import_detail", args=[batch.pk]),
        reverse("import_rows", args=[batch.pk]),
        reverse("pledge_import_detail", args=[pledges.pk]),
    ]


def _of_leading_groups(branch: Organization, staff: User) -> SentList:
    said = f"党组织,职责,姓名,职务,开始日期\n{branch.name},领导小组成员,钱处长,处长,{clock.today()}\n"
    place = staff.organization_id
    return list_send(kind=LEADERSHIP_LIST, place=place, actor=staff, content=said.encode(), file_name="名单.csv")


def _of_visits(staff: User) -> SentList:
    point = ContactPoint.objects.allowed(staff, Cap.CONTACT_VISIT).filter(ends_on=None).earliest("pk")
    row = f"{point.organization.name},{point.leader.personnel_no},{clock.today()},基层走访,看了班前会"
    said = f"党组织,人员编号,联系日期,联系方式,联系情况\n{row}\n"
    place = staff.organization_id
    return list_send(kind=VISIT_LIST, place=place, actor=staff, content=said.encode(), file_name="走访.csv")


def _nominations(branch: Organization, secretary: User) -> SentList:
    category = AwardCategory.objects.filter(batch__state=BatchState.OPEN, audience=Audience.MEMBER).earliest("pk")
    name = branch.members.filter(nominations=None).latest("pk").name
    said = f"奖项,党组织,姓名,先进事迹\n{category.name},{branch.name},{name},三年来没有误过一个班。\n"
    place = category.batch_id
    return list_send(kind=NOMINATION_LIST, place=place, actor=secretary, content=said.encode(), file_name="推荐.csv")


def _unreviewed(branch: Organization, secretary: User) -> str:
    """Name somebody of whom the secretary has begun no review."""
    begun = LeaderReview.objects.filter(reviewer=secretary, state=ReviewState.DRAFT).values("member")
    found = due_members().filter(organization=branch).exclude(user=secretary).exclude(pk__in=begun)
    return found.latest("pk").name


def _sheet() -> object:
    """Accounts for the members who came without one; the job has run when this returns."""
    system = User.objects.get(username="system")
    return code_sheet_request(actor=system, organization=system.organization, purpose=CodePurpose.NEW).pk


def code_of_a_screen() -> str:
    """Make a link to the board of the secretary's branch; returns its code."""
    secretary = User.objects.get(username="secretary")
    until = clock.today() + dt.timedelta(days=30)
    _link, code = boardlink_create(organization=secretary.organization, actor=secretary, name="大厅", expires_on=until)
    return code


def second_factor(user: User) -> str:
    """Give an account a second factor; returns a recovery code."""
    secret = secrets.token_bytes(20)
    return two_factor_enable(user=user, secret=secret, token=f"{totp(secret):06d}")[0]


def link_by_mail(user: User) -> str:
    """Have a forgotten password's link sent; returns its address."""
    User.objects.filter(pk=user.pk).update(email="zhang@example.com")
    assert reset_link_send(user_id=user.pk, address="http://testserver")
    (link,) = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(link)


def code_of_a_slip() -> str:
    """Return the code of a slip of the round that is open, one that was not used yet."""
    codes = batch_codes(batch=Batch.objects.exclude(cipher="")[0])
    unused = Paper.objects.filter(marked=False).values_list("digest", flat=True)
    return next(code for code in codes if code_digest(code) in set(unused))
