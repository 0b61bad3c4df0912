"""What each step of a pledge does, and when it refuses."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.models import Campaign, StageAction, Standard
from orgs.models import RoleAssignment
from pledges import services
from pledges.models import ItemResult, Pledge, PledgeAppraisal, PledgeItem, PledgeReview, PledgeRules, PledgeState
from pledges.selectors import queue_for
from pledges.services import Judgement
from tests.pledges.conftest import item, published, submitted, write
from tests.world import World


def said(pledge: Pledge) -> list[str]:
    entries = AuditEntry.objects.filter(target_type="pledges.pledge", target_id=str(pledge.pk))
    return list(entries.order_by("pk").values_list("action", flat=True))


def test_a_member_pledges_and_the_branch_decides(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one", item("每班少停机一次"))
    assert pledge.state == PledgeState.SUBMITTED
    assert pledge.reviewing_organization == world.orgs["east_one"]
    assert (pledge.subject_name, pledge.organization_name) == ("李秀英", "东山公司采掘一区党支部")
    pledge = services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    pledge = services.pledge_publish(pledge=pledge, actor=world.user("secretary", "east_one"))
    assert pledge.state == PledgeState.PUBLISHED
    assert pledge.published_at == clock.now()
    assert said(pledge) == ["pledge_start", "pledge_save", "pledge_submit", "pledge_approve", "pledge_publish"]


def test_the_secretarys_own_is_reviewed_above(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "secretary@east_one")
    assert pledge.reviewing_organization == world.orgs["east"]
    with pytest.raises(NotAllowed):
        services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    assert services.pledge_approve(pledge=pledge, actor=world.user("staff", "east")).state == PledgeState.APPROVED


def test_the_pledge_of_an_organization_is_reviewed_above(world: World, campaign: Campaign) -> None:
    assert submitted(world, campaign, "secretary@east_one", org="east_one").reviewing_organization == world.orgs["east"]
    assert submitted(world, campaign, "staff@east", org="east").reviewing_organization == world.orgs["root"]


def test_at_the_top_another_officer_reviews(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "staff@root", org="root")
    assert pledge.reviewing_organization == world.orgs["root"]
    with pytest.raises(DomainError, match="自己"):
        services.pledge_approve(pledge=pledge, actor=world.user("staff", "root"))
    assert services.pledge_approve(pledge=pledge, actor=world.user("office", "root")).state == PledgeState.APPROVED


def test_where_nobody_holds_the_office_the_next_above_reviews(world: World, campaign: Campaign) -> None:
    RoleAssignment.objects.filter(organization=world.orgs["east"], role=Role.STAFF).delete()
    pledge = submitted(world, campaign, "secretary@east_one", org="east_one")
    assert pledge.reviewing_organization == world.orgs["root"]


def test_what_a_secretary_hands_in_for_a_member_is_reviewed_above(world: World, campaign: Campaign) -> None:
    secretary, member = world.user("secretary", "east_one"), world.members["east_one"][3]
    pledge = services.pledge_start(campaign=campaign, actor=secretary, member=member)
    pledge = services.pledge_save(pledge=pledge, actor=secretary, version=1, items=[item()])
    pledge = services.pledge_submit(pledge=pledge, actor=secretary)
    assert pledge.reviewing_organization == world.orgs["east"]


def test_nobody_reviews_what_they_write_for(world: World, campaign: Campaign) -> None:
    """Staff of the committee above who are also the branch's secretary leave its pledge to another."""
    pledge = submitted(world, campaign, "secretary@east_one", org="east_one")
    RoleAssignment.objects.create(
        user=world.users["staff@east"],
        role=Role.SECRETARY,
        organization=world.orgs["east_one"],
        starts_on=dt.date(2026, 1, 1),
    )
    both = world.user("staff", "east")
    assert not queue_for(both).exists()
    with pytest.raises(DomainError, match="自己"):
        services.pledge_return(pledge=pledge, actor=both, reason="再写具体些")
    assert services.pledges_approve_many(queryset=Pledge.objects.all(), actor=both) == []
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.SUBMITTED


def test_returned_with_a_reason_and_handed_in_again(world: World, campaign: Campaign) -> None:
    staff = world.user("staff", "east")
    pledge = submitted(world, campaign, "secretary@east_one", item("抓好安全"), org="east_one")
    with pytest.raises(DomainError):
        services.pledge_return(pledge=pledge, actor=staff, reason="  ")
    decisions = {
        1: services.ItemDecision(approved=False, lacking=("checkable",), reason="没有数字"),
        7: services.ItemDecision(approved=False, reason="多余"),
    }
    pledge = services.pledge_return(pledge=pledge, actor=staff, reason="太空泛", decisions=decisions)
    assert pledge.state == PledgeState.RETURNED
    review = PledgeReview.objects.get(pledge=pledge)
    assert (review.reason, review.by_name) == ("太空泛", str(staff))
    assert review.items == [
        {
            "order": 1, "text": "抓好安全", "target": "低于百分之二", "due_on": "2026-06-20",
            "decision": "returned", "lacking": ["checkable"], "reason": "没有数字",
        }
    ]  # fmt: skip

    secretary = world.user("secretary", "east_one")
    pledge = services.pledge_save(
        pledge=pledge, actor=secretary, version=pledge.version, items=[item("全年轻伤事故为零", target="0 起")]
    )
    pledge = services.pledge_submit(pledge=pledge, actor=secretary)
    pledge = services.pledge_approve(pledge=pledge, actor=staff, publish=True)
    assert pledge.state == PledgeState.PUBLISHED
    assert list(pledge.items.values_list("text", flat=True)) == ["全年轻伤事故为零"]
    assert list(pledge.reviews.values_list("decision", flat=True)) == ["approved", "returned"]


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ([], "1"),
        ([item(), item(), item(), item(target="")], "3"),
        ([item(target="")], "第1项"),
        ([item(), item(due_on=None)], "第2项"),
        ([item(due_on=dt.date(2025, 12, 31))], "2026-01-01"),
        ([item(due_on=dt.date(2028, 1, 1))], "2027-12-31"),
    ],
)
def test_what_is_missing_is_named(
    world: World, campaign: Campaign, items: list[services.ItemDraft], complaint: str
) -> None:
    member = world.user("member", "east_one")
    pledge = services.pledge_start(campaign=campaign, actor=member, member=member.member)

    def hand_in() -> None:
        services.pledge_save(pledge=pledge, actor=member, version=1, items=items)
        services.pledge_submit(pledge=pledge, actor=member)

    with pytest.raises(DomainError, match=complaint):
        hand_in()
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.DRAFT


def test_the_number_of_items_is_the_campaigns_own(world: World, campaign: Campaign) -> None:
    PledgeRules.objects.create(campaign=campaign, member_items_min=2, member_items_max=4)
    member = world.user("member", "east_one")
    pledge = write(world, campaign, "member@east_one", item())
    with pytest.raises(DomainError, match="2"):
        services.pledge_submit(pledge=pledge, actor=member)
    pledge = services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=[item()] * 4)
    assert services.pledge_submit(pledge=pledge, actor=member).state == PledgeState.SUBMITTED


def test_items_that_cannot_be_kept_are_refused(world: World, campaign: Campaign) -> None:
    member = world.user("member", "east_one")
    pledge = write(world, campaign, "member@east_one", item("原来的"))
    foreign = Standard.objects.filter(campaign=campaign, audience="organization", parent__isnull=False).first()
    for bad in (item(" "), item("长" * 201), item(kind="other"), item(standard=foreign)):
        with pytest.raises(DomainError):
            services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=[bad])
    assert list(pledge.items.values_list("text", flat=True)) == ["原来的"]
    own = Standard.objects.filter(campaign=campaign, audience="member", parent__isnull=False).first()
    saved = services.pledge_save(
        pledge=pledge, actor=member, version=pledge.version, items=[item("长" * 200, standard=own)]
    )
    assert saved.items.get().standard == own


def test_only_a_stage_for_pledging_takes_them(world: World, campaign: Campaign) -> None:
    pledge = write(world, campaign, "member@east_one")
    StageAction.objects.filter(stage__campaign=campaign, action="pledge").delete()
    with pytest.raises(DomainError, match="阶段"):
        services.pledge_submit(pledge=pledge, actor=world.user("member", "east_one"))


def test_one_pledge_a_year(world: World, campaign: Campaign) -> None:
    member = world.user("member", "east_one")
    first = write(world, campaign, "member@east_one")
    with pytest.raises(DomainError, match="已有"):
        services.pledge_start(campaign=campaign, actor=member, member=member.member)
    services.pledge_start(campaign=campaign, actor=member, member=member.member, year=2027)
    services.pledge_withdraw(pledge=first, actor=member)
    assert services.pledge_start(campaign=campaign, actor=member, member=member.member).year == 2026
    with pytest.raises(DomainError):
        services.pledge_start(campaign=campaign, actor=member, member=member.member, year=2030)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pledge.objects.filter(pk=first.pk).update(state=PledgeState.DRAFT)


def test_who_may_begin(world: World, campaign: Campaign) -> None:
    east_one = world.orgs["east_one"]
    for who in ("member@east_one", "staff@east", "secretary@east_two"):
        with pytest.raises(NotAllowed):
            services.pledge_start(campaign=campaign, actor=world.user(*who.split("@")), organization=east_one)
    for who in ("member2@east_one", "staff@east", "secretary@west_one"):
        with pytest.raises(NotAllowed):
            services.pledge_start(
                campaign=campaign, actor=world.user(*who.split("@")), member=world.members["east_one"][1]
            )
    assert not Pledge.objects.exists()


def test_a_draft_is_its_writers_alone(world: World, campaign: Campaign) -> None:
    pledge = write(world, campaign, "member@east_one")
    for who in ("member2@east_one", "staff@east", "leader@east", "secretary@west_one"):
        actor = world.user(*who.split("@"))
        with pytest.raises(NotAllowed):
            services.pledge_save(pledge=pledge, actor=actor, version=pledge.version, items=[item()])
        with pytest.raises(NotAllowed):
            services.pledge_submit(pledge=pledge, actor=actor)
    with pytest.raises(StateConflict):
        services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))


def test_taken_back_before_anyone_decided(world: World, campaign: Campaign) -> None:
    member = world.user("member", "east_one")
    pledge = submitted(world, campaign, "member@east_one")
    with pytest.raises(StateConflict):
        services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=[item()])
    pledge = services.pledge_recall(pledge=pledge, actor=member)
    assert services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=[item()]).is_editable
    pledge = services.pledge_submit(pledge=pledge, actor=member)
    pledge = services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    with pytest.raises(StateConflict):
        services.pledge_recall(pledge=pledge, actor=member)


def test_off_the_board_at_once_but_not_withdrawn(world: World, campaign: Campaign) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    with pytest.raises(StateConflict):
        services.pledge_withdraw(pledge=pledge, actor=member)
    with pytest.raises(NotAllowed):
        services.pledge_take_down(pledge=pledge, actor=member, reason="不想公开")
    pledge = services.pledge_take_down(pledge=pledge, actor=secretary, reason="内容有误")
    assert (pledge.state, pledge.published_at) == (PledgeState.APPROVED, None)
    assert AuditEntry.objects.get(action="pledge_take_down").reason == "内容有误"


def test_progress_begins_the_fulfilment(world: World, campaign: Campaign) -> None:
    member = world.user("member", "east_one")
    draft = write(world, campaign, "member2@east_one")
    with pytest.raises(StateConflict):
        services.progress_add(item=draft.items.get(), actor=world.user("member2", "east_one"), text="做了")
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    only = pledge.items.get()
    with pytest.raises(DomainError):
        services.progress_add(item=only, actor=member, text=" ")
    with pytest.raises(DomainError):
        services.progress_add(item=only, actor=member, text="明天的事", on=clock.today() + dt.timedelta(days=1))
    with pytest.raises(NotAllowed):
        services.progress_add(item=only, actor=world.user("member2", "east_one"), text="不是我的")
    services.progress_add(item=only, actor=member, text="检修三台")
    services.progress_add(item=only, actor=member, text="检修五台", on=dt.date(2026, 3, 1))
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.IN_PROGRESS
    assert list(only.progress.values_list("text", flat=True)) == ["检修五台", "检修三台"]


def test_appraised_when_the_last_item_is(world: World, campaign: Campaign) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    pledge = published(world, campaign, "member@east_one", item("一"), item("二"), item("三"), by="secretary@east_one")
    first, second, third = pledge.items.order_by("order")
    services.item_appraise(item=first, actor=member, kind="self", result=ItemResult.FULFILLED)
    first.refresh_from_db()
    assert (first.result, first.mark) == (ItemResult.PENDING, None)
    services.item_appraise(item=first, actor=secretary, result=ItemResult.BASIC)
    services.item_appraise(item=second, actor=secretary, result=ItemResult.FULFILLED, mark=9550)
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.PUBLISHED
    services.item_appraise(item=third, actor=secretary, result=ItemResult.ADJUSTED, text="设备停产")
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.APPRAISED
    results = list(pledge.items.order_by("order").values_list("result", "mark"))
    assert results == [("basic", 8000), ("fulfilled", 9550), ("adjusted", None)]
    services.item_appraise(item=first, actor=secretary, result=ItemResult.UNFULFILLED, text="复查发现未做")
    first.refresh_from_db()
    assert (first.result, first.mark) == ("unfulfilled", 0)
    assert list(PledgeAppraisal.objects.filter(item=first).values_list("kind", "result")) == [
        ("self", "fulfilled"), ("organization", "basic"), ("organization", "unfulfilled"),
    ]  # fmt: skip


def test_who_and_what_may_be_appraised(world: World, campaign: Campaign) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    pledge = submitted(world, campaign, "member@east_one")
    only = pledge.items.get()
    with pytest.raises(StateConflict):
        services.item_appraise(item=only, actor=secretary, result=ItemResult.FULFILLED)
    services.pledge_approve(pledge=pledge, actor=secretary, publish=True)
    for actor in (member, world.user("member2", "east_one"), world.user("staff", "east")):
        with pytest.raises(NotAllowed):
            services.item_appraise(item=only, actor=actor, result=ItemResult.FULFILLED)
    for wrong in (
        Judgement("pending"), Judgement("great"), Judgement("fulfilled", 10_001), Judgement("fulfilled", -1),
        Judgement("unfulfilled"), Judgement("adjusted"),
    ):  # fmt: skip
        with pytest.raises(DomainError):
            services.items_appraise(pledge=pledge, actor=secretary, judgements={only.pk: wrong})
    elsewhere = published(world, campaign, "member@west_one", by="secretary@west_one").items.get()
    with pytest.raises(NotAllowed):
        services.items_appraise(pledge=pledge, actor=secretary, judgements={elsewhere.pk: Judgement("fulfilled")})
    StageAction.objects.filter(action="appraise").delete()
    with pytest.raises(DomainError, match="阶段"):
        services.item_appraise(item=only, actor=secretary, result=ItemResult.FULFILLED)
    assert not PledgeItem.objects.exclude(result="pending").exists()


def test_the_mark_of_a_result_is_the_campaigns_own(world: World, campaign: Campaign) -> None:
    PledgeRules.objects.create(campaign=campaign, mark_basic=6000)
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    services.item_appraise(item=pledge.items.get(), actor=world.user("secretary", "east_one"), result=ItemResult.BASIC)
    assert pledge.items.get().mark == 6000


# ---- two people at once ----


def test_the_second_to_save_is_told(world: World, campaign: Campaign) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    pledge = write(world, campaign, "member@east_one")
    opened = pledge.version
    services.pledge_save(pledge=pledge, actor=secretary, version=opened, items=[item("书记改的")])
    with pytest.raises(EditConflict):
        services.pledge_save(pledge=pledge, actor=member, version=opened, items=[item("本人改的")])
    assert list(pledge.items.values_list("text", flat=True)) == ["书记改的"]


def test_the_second_to_approve_is_told(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "secretary@east_one", org="east_one")
    first, second = Pledge.objects.get(pk=pledge.pk), Pledge.objects.get(pk=pledge.pk)
    RoleAssignment.objects.create(
        user=world.users["staff@west"], role=Role.STAFF, organization=world.orgs["east"], starts_on=dt.date(2026, 1, 1)
    )
    services.pledge_approve(pledge=first, actor=world.user("staff", "east"))
    with pytest.raises(StateConflict):
        services.pledge_approve(pledge=second, actor=world.user("staff", "west"))
    with pytest.raises(StateConflict):
        services.pledge_return(pledge=second, actor=world.user("staff", "west"), reason="晚了")
    assert PledgeReview.objects.filter(pledge=pledge).count() == 1


def test_nobody_approves_a_text_they_have_not_seen(world: World, campaign: Campaign) -> None:
    member, secretary = world.user("member", "east_one"), world.user("secretary", "east_one")
    pledge = submitted(world, campaign, "member@east_one", item("看到的"))
    seen = pledge.version
    pledge = services.pledge_recall(pledge=pledge, actor=member)
    pledge = services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=[item("换掉的")])
    pledge = services.pledge_submit(pledge=pledge, actor=member)
    with pytest.raises(EditConflict):
        services.pledge_approve(pledge=pledge, actor=secretary, version=seen)
    assert services.pledge_approve(pledge=pledge, actor=secretary, version=pledge.version).state == "approved"


# ---- many at once ----


def test_many_are_approved_in_a_constant_number_of_statements(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    assert secretary.grants

    def approve(*who: str) -> int:
        pledges = [submitted(world, campaign, f"{name}@east_one").pk for name in who]
        with CaptureQueriesContext(connection) as queries:
            done = services.pledges_approve_many(
                queryset=Pledge.objects.filter(pk__in=pledges), actor=secretary, publish=True
            )
        assert done == sorted(pledges)
        return len(queries)

    assert approve("member") == approve("member2", "member3", "member4")
    assert Pledge.objects.filter(state=PledgeState.PUBLISHED).count() == 4
    assert PledgeReview.objects.filter(decision="approved", by=secretary).count() == 4
    assert AuditEntry.objects.filter(action="pledge_approve").count() == 4


def test_many_leaves_out_what_one_may_not_decide(world: World, campaign: Campaign) -> None:
    mine = submitted(world, campaign, "member@east_one")
    own = submitted(world, campaign, "secretary@east_one")
    foreign = submitted(world, campaign, "member@west_one")
    draft = write(world, campaign, "member2@east_one")
    secretary = world.user("secretary", "east_one")
    assert services.pledges_approve_many(queryset=Pledge.objects.all(), actor=secretary) == [mine.pk]
    assert services.pledges_publish_many(queryset=Pledge.objects.all(), actor=secretary) == 1
    states = dict(Pledge.objects.values_list("pk", "state"))
    assert states == {mine.pk: "published", own.pk: "submitted", foreign.pk: "submitted", draft.pk: "draft"}
