"""Appraisals of members in the browser's eyes: who reads what and when, warnings, drafts, statements, form d.6."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.blockers import open_in
from campaign.common.desk import tiles_for
from campaign.drafts.models import Draft
from campaign.models import Period
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_preview
from orgs.models import Member, MembershipKind, User
from orgs.timeline import member_timeline
from reviews.models import AppraisedMember, BranchAppraisal, MemberAppraisal
from reviews.reminders.appraisal import decisions_due, follow_ups_due, self_due
from reviews.services import branch_decide, branch_step, self_appraisal_hand_in
from reviews.services.appraisal_branch import Decision
from tests.reports.figures import assert_linked
from tests.reviews.appraisals import TODAY, branch_of, confirmed, decided, entry_of, held, submitted, voted
from tests.reviews.pages import as_, text
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def test_the_whole_year_of_a_branch(world: World) -> None:
    """Set up by the staff, written by members, voted, decided by the secretary, confirmed, read by the member."""
    world.campaign()
    staff, secretary, member = (
        as_(world.user(*who)) for who in (("staff", "east"), ("secretary", "east_one"), ("member", "east_one"))
    )
    form = staff.get(reverse("appraisal_create"))
    given = {
        name: form.context["form"].get_initial_for_field(field, name)
        for name, field in form.context["form"].fields.items()
    }
    given |= {"campaign": given["campaign"].pk, "organization": given["organization"].pk, "branches": []}
    answer = staff.post(reverse("appraisal_create"), given)
    found = MemberAppraisal.objects.get()
    assert answer["Location"] == reverse("appraisal_detail", args=[found.pk])
    entry = entry_of(found, world.members["east_one"][1])
    assert [str(tile.label) for tile in tiles_for(world.user("member", "east_one")) if "自评" in str(tile.label)]
    member.post(
        reverse("appraisal_self", args=[entry.pk]), {"text": "承诺三项全部兑现", "grade": "excellent", "version": 1}
    )
    assert "承诺三项全部兑现" in text(secretary.get(reverse("appraisal_member", args=[entry.pk])))
    MemberAppraisal.objects.update(votes_from=TODAY)
    voted(world, MemberAppraisal.objects.get())
    branch = branch_of(found, world.orgs["east_one"])
    page = secretary.get(reverse("appraisal_decide", args=[branch.pk]))
    assert "5 / 0 / 0 / 0" in text(page)
    grades = {
        f"m{line.entry.pk}-{name}": value
        for line in page.context["lines"]
        for name, value in (("grade", "qualified"), ("consequence", "none"))
    }
    posted = {**grades, f"m{entry.pk}-grade": "excellent", "version": 1, "met_on": TODAY.isoformat(), "op": "submit"}
    secretary.post(reverse("appraisal_decide", args=[branch.pk]), posted)
    assert not member.get(reverse("appraisal_member", args=[entry.pk])).context["shows_decision"]
    staff.post(reverse("appraisal_confirm"), {"branch": [branch.pk]})
    assert branch_of(found, world.orgs["east_one"]).is_confirmed
    told = text(member.get(reverse("appraisal_member", args=[entry.pk])))
    assert "支部评定" in told
    assert "5 / 0" not in told  # counts are for those who decide
    version = AppraisedMember.objects.get(pk=entry.pk).version
    member.post(reverse("appraisal_opinion", args=[entry.pk]), {"opinion": "同意", "version": version})
    assert AppraisedMember.objects.get(pk=entry.pk).opinion == "同意"
    assert "优秀" in member_timeline(world.members["east_one"][1], world.user("member", "east_one"))[0].text


def test_nothing_of_a_decision_is_told_before_it_is_confirmed(world: World) -> None:
    found = held(world, ["east_one"])
    voted(world, found)
    submitted(world, branch_of(found, world.orgs["east_one"]))
    entry = entry_of(found, world.members["east_one"][1])
    assert entry.grade
    member = as_(world.user("member", "east_one"))
    page = member.get(reverse("appraisal_member", args=[entry.pk]))
    assert not page.context["shows_decision"]
    assert entry.get_grade_display() not in text(page)
    assert not [
        each for each in member_timeline(entry.member, world.user("member", "east_one")) if "评议" in str(each.label)
    ]
    assert as_(world.user("member2", "east_one")).get(reverse("appraisal_member", args=[entry.pk])).status_code == 404


def test_remarks_are_read_by_the_colleague_and_the_secretary_alone(world: World) -> None:
    found = held(world, ["east_one"])
    branch, entry = branch_of(found, world.orgs["east_one"]), entry_of(found, world.members["east_one"][2])
    writer = as_(world.user("member", "east_one"))
    writer.post(reverse("appraisal_peers", args=[branch.pk]), {f"m{entry.pk}": "多带徒弟"})
    address = reverse("appraisal_member", args=[entry.pk])
    for role, at, reads in (
        ("member2", "east_one", True),
        ("secretary", "east_one", True),
        ("staff", "east", False),
        ("leader", "root", False),
    ):
        assert ("多带徒弟" in text(as_(world.user(role, at)).get(address))) is reads
    assert "多带徒弟" in text(writer.get(reverse("appraisal_peers", args=[branch.pk])))
    assert as_(world.user("secretary", "east_two")).get(reverse("appraisal_peers", args=[branch.pk])).status_code == 404


def test_more_than_a_third_is_warned_of_with_the_largest_number(world: World) -> None:
    found = held(world, ["east_one"])
    branch = branch_of(found, world.orgs["east_one"])
    decided(world, branch, grades=["excellent"] * 3 + ["qualified"] * 3)
    said = text(as_(world.user("secretary", "east_one")).get(reverse("appraisal_branch", args=[branch.pk])))
    assert "优秀3人，超过三分之一，一般不超过2人" in said
    decided(world, branch, grades=["excellent"] * 2 + ["qualified"] * 4)
    said = text(as_(world.user("secretary", "east_one")).get(reverse("appraisal_branch", args=[branch.pk])))
    assert "人，超过三分之一" not in said
    assert "最多2人" in said


def test_what_is_typed_is_kept_and_offered_again(world: World) -> None:
    found = held(world, ["east_one"])
    entry, branch = entry_of(found, world.members["east_one"][1]), branch_of(found, world.orgs["east_one"])
    user = world.user("member", "east_one")
    Draft.objects.create(user=user, key=f"self_appraisal:{entry.pk}", fields=[["version", "1"], ["text", "写了一半"]])
    page = text(as_(user).get(reverse("appraisal_self", args=[entry.pk])))
    assert "写了一半" in page
    assert f'data-draft="self_appraisal:{entry.pk}"' in page
    as_(user).post(reverse("appraisal_self", args=[entry.pk]), {"op": "discard"})
    assert not Draft.objects.exists()
    secretary = world.user("secretary", "east_one")
    fields = [["version", "1"], [f"m{entry.pk}-grade", "basic"], [f"m{entry.pk}-problems", "学习少"]]
    Draft.objects.create(user=secretary, key=f"appraisal_decide:{branch.pk}", fields=fields)
    assert "学习少" in text(as_(secretary).get(reverse("appraisal_decide", args=[branch.pk])))


def test_an_opinion_that_was_typed_is_kept_until_it_is_saved(world: World) -> None:
    found = held(world, ["east_one"])
    member = world.user("member", "east_one")
    branch = branch_of(found, world.orgs["east_one"])
    voted(world, found)
    confirmed(world, branch)
    entry = entry_of(found, Member.objects.get(user=member))
    key, address = f"appraisal_opinion:{entry.pk}", reverse("appraisal_member", args=[entry.pk])
    Draft.objects.create(user=member, key=key, fields=[["opinion", "请考虑我下半年的情况"]])
    assert "请考虑我下半年的情况" in text(as_(member).get(address))
    as_(member).post(reverse("appraisal_opinion", args=[entry.pk]), {"op": "discard"})
    assert "请考虑我下半年的情况" not in text(as_(member).get(address))
    Draft.objects.create(user=member, key=key, fields=[["opinion", "请考虑"]])
    entry.refresh_from_db()
    given = {"version": entry.version, "opinion": "请考虑我下半年的情况"}
    as_(member).post(reverse("appraisal_opinion", args=[entry.pk]), given)
    assert "请考虑我下半年的情况" in text(as_(member).get(address))
    assert not Draft.objects.exists()


def test_the_page_says_that_there_is_no_ballot_and_offers_one_after_all(world: World) -> None:
    found = held(world, ["east_one"])
    staff = as_(world.user("staff", "east"))
    address = reverse("appraisal_detail", args=[found.pk])
    assert "不在平台测评" in text(staff.get(address))
    step = {"step": "appraisal_without_ballot", "reason": "人数少，会上举手"}
    staff.post(reverse("appraisal_step", args=[found.pk]), step)
    page = text(staff.get(address))
    assert "已决定不在平台测评" in page
    assert 'value="appraisal_without_ballot"' not in page
    assert "改为在平台测评" in page
    member = world.user("secretary", "east_one")
    assert "改为在平台测评" not in text(as_(member).get(reverse("appraisal_branch", args=[found.branches.get().pk])))
    staff.post(reverse("appraisal_ballot", args=[found.pk]))
    found.refresh_from_db()
    assert (found.has_ballot, found.branches.get().has_ballot) == (True, True)
    assert "已决定不在平台测评" not in text(staff.get(address))


def test_a_decision_with_something_missing_is_not_half_stored(world: World) -> None:
    found = held(world, ["east_one"])
    branch, entry = branch_of(found, world.orgs["east_one"]), entry_of(found, world.members["east_one"][1])
    secretary = as_(world.user("secretary", "east_one"))
    posted = {f"m{each.pk}-consequence": "none" for each in branch.members.all()}
    posted |= {f"m{entry.pk}-grade": "basic", f"m{entry.pk}-consequence": "rectify", "version": "1"}
    answer = secretary.post(reverse("appraisal_decide", args=[branch.pk]), posted)
    assert answer.status_code == 200
    assert "请填写完成期限" in text(answer)
    assert "尚未保存" in text(answer)
    assert not AppraisedMember.objects.exclude(grade="").exists()


@pytest.mark.parametrize("address", ["appraisal_branch", "appraisal_decide"])
def test_the_roll_takes_the_same_statements_for_few_and_many(world: World, address: str) -> None:
    found = held(world, ["east_one", "east_two"])
    voted(world, found)
    secretary = as_(world.user("secretary", "east_one"))
    branch = branch_of(found, world.orgs["east_one"])
    numbers = []
    for extra in (0, 6):
        for place in range(extra):
            person = Member.objects.create(
                personnel_no=f"n{place}", name=f"新{place}", sex="male", organization=branch.organization
            )
            AppraisedMember.objects.create(
                branch=branch, organization=branch.organization, member=person, name=person.name, kind="full"
            )
        with CaptureQueriesContext(connection) as caught:
            assert secretary.get(reverse(address, args=[branch.pk])).status_code == 200
        numbers.append(len(caught))
    assert numbers[0] == numbers[1]


def test_lists_take_the_same_statements_for_one_and_three(world: World) -> None:
    office = as_(world.user("office", "root"))
    numbers = []
    for branches in (["east_one"], ["east_two"]):
        held(world, branches)
        if branches == ["east_two"]:
            held(world, year=2027)
        pages = []
        for address in ("appraisal_list", "appraisal_follow_ups"):
            with CaptureQueriesContext(connection) as caught:
                assert office.get(reverse(address)).status_code == 200
            pages.append(len(caught))
        numbers.append(pages)
    assert numbers[0] == numbers[1]


# -- what it feeds ---------------------------------------------------------------------------------------------------------


def told(world: World) -> AppraisedMember:
    """A member who has to put something right by the end of the month."""
    Member.objects.filter(pk=world.members["east_one"][5].pk).update(kind=MembershipKind.PROBATIONARY)
    found = held(world, ["east_one"])
    with_seven = Member.objects.create(
        personnel_no="seven", name="吴七", sex="male", organization=world.orgs["east_one"]
    )
    User.objects.create(username="seven", name="吴七", member=with_seven)
    branch = branch_of(found, world.orgs["east_one"])
    AppraisedMember.objects.create(
        branch=branch, organization=branch.organization, member=with_seven, name="吴七", kind="full"
    )
    voted(world, found, choice=1)
    branch = branch_of(found, world.orgs["east_one"])
    decided(world, branch)
    entry = entry_of(found, world.members["east_one"][1])
    weak = Decision(entry.pk, "basic", "学习少，补课", "rectify", TODAY + dt.timedelta(days=10))
    secretary = world.user("secretary", "east_one")
    branch_decide(actor=secretary, branch=branch, version=branch.version, decisions=[weak], met_on=TODAY)
    branch_step(actor=secretary, branch=branch, step="branch_submit")
    branch_step(actor=world.user("staff", "east"), branch=branch, step="branch_confirm")
    return entry_of(found, world.members["east_one"][1])


def test_the_desk_and_the_reminders_say_what_is_due(world: World) -> None:
    entry = told(world)

    def labels(role: str, at: str) -> set[str]:
        return {str(tile.label) for tile in tiles_for(world.user(role, at))}

    assert {"本人民主评议结果", "评议后需改正的事项"} <= labels("member", "east_one")
    assert "评议后续落实" in labels("secretary", "east_one")
    assert "评议后续落实" not in labels("secretary", "east_two")
    owed = {due.user_id for due in follow_ups_due(TODAY + dt.timedelta(days=5))}
    assert owed == {world.users["member@east_one"].pk, world.users["secretary@east_one"].pk}
    assert not list(follow_ups_due(TODAY))
    late = {due.subject for due in follow_ups_due(TODAY + dt.timedelta(days=11))}
    assert late == {f"{entry.pk}:late"}


def test_who_has_not_written_or_decided_is_reminded(world: World) -> None:
    found = held(world)
    self_appraisal_hand_in(
        actor=world.user("member", "east_one"), appraised=entry_of(found, world.members["east_one"][1]), version=1,
        text="自评", grade="qualified",
    )  # fmt: skip
    reminded = {due.user_id for due in self_due(TODAY)}
    assert len(reminded) == 11
    assert world.users["member@east_one"].pk not in reminded
    assert not list(self_due(TODAY + dt.timedelta(days=4)))
    assert not list(decisions_due(TODAY))
    soon = {due.user_id for due in decisions_due(TODAY + dt.timedelta(days=15))}
    assert soon == {world.users["secretary@east_one"].pk, world.users["secretary@east_two"].pk}


def test_a_stage_knows_what_is_not_confirmed(world: World) -> None:
    campaign = world.campaign()
    found = held(world)
    stage = campaign.stages.order_by("order").last()
    assert stage is not None
    office = world.user("office", "root")
    count = {str(each.label): each.count for each in open_in(campaign, stage, office)}
    assert count["民主评议党员尚未审核确认的党支部"] == 2
    voted(world, found)
    confirmed(world, branch_of(found, world.orgs["east_one"]))
    count = {str(each.label): each.count for each in open_in(campaign, stage, office)}
    assert count["民主评议党员尚未审核确认的党支部"] == 1


def test_form_d6_lists_everybody_with_votes_grade_and_the_check_of_a_third(world: World) -> None:
    told(world)
    period = Period.objects.filter(code="2026").first() or Period.objects.filter(ends_on__year=2026).latest("ends_on")
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], period.campaign, period)
    assert assert_linked(reports.get("member_appraisals"), request) == 6 * 4
    sheet, rows = reports.get("member_appraisals").sheets(request)[0]
    by_name = {str(row[1]): row for row in list(rows)}  # type: ignore[index]
    assert len(by_name) == 7
    assert by_name["李秀英"][:10] == (
        "东山公司采掘一区党支部",
        "李秀英",
        "正式党员",
        "参加",
        0,
        5,
        0,
        0,
        "合格",
        "基本合格",
    )
    assert by_name["李秀英"][12] == "限期改正，2026-11-12前"
    assert by_name["周小红"][9] == "不评定"
    assert by_name["周小红"][4:8] == (None,) * 4
    assert "党员总数7人，参评7人，评定等次6人；优秀1人，占16.67%（三分之一校验：符合）" in sheet.notes[0]
    foreign = ReportRequest(world.user("secretary", "east_two"), world.orgs["east_two"], period.campaign, period)
    assert report_preview(reports.get("member_appraisals"), foreign)[0].rows == []
    assert BranchAppraisal.objects.count() == 1
