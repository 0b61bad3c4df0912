"""Implementation plans: written, filed with the office above, accepted or returned; who has not filed."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.filings.models import ImplementationPlan, PlanState
from campaign.filings.reminders import decisions_due, filing_due
from campaign.filings.selectors import missing_for, plan_deadline
from campaign.filings.services import plan_attachment_remove, plan_create, plan_step, plan_update
from campaign.jobs.models import Job
from campaign.models import Campaign
from orgs.models import Organization, RoleAssignment
from orgs.services import organization_move
from orgs.timeline import organization_timeline
from tests.attachments.files import pdf, photo, uploaded
from tests.orgs.deputies import acting, handed
from tests.orgs.test_leadership import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def write(world: World, at: str = "east", actor: Any = None, **given: Any) -> ImplementationPlan:
    campaign = Campaign.objects.first() or world.campaign()
    values: dict[str, Any] = {"title": f"{at} 实施方案", "summary": "目标和措施", **given}
    return plan_create(actor=actor, campaign=campaign, organization=world.orgs[at], **values)


def filed(world: World, at: str = "east") -> ImplementationPlan:
    return plan_step(actor=world.user("staff", at), plan=write(world, at), step="plan_file")


# -- services ------------------------------------------------------------------------------------------------------


def test_a_plan_goes_up_comes_back_and_is_accepted(world: World) -> None:
    staff, office = world.user("staff", "east"), world.user("office", "root")
    plan = write(world, actor=staff)
    assert (plan.receiver, plan.state) == (world.orgs["root"], "draft")
    plan_step(actor=staff, plan=plan, step="plan_file")
    assert (plan.state, plan.filed_by) == ("filed", staff)
    with pytest.raises(DomainError):  # a return without a reason
        plan_step(actor=office, plan=plan, step="plan_return")
    plan_step(actor=office, plan=plan, step="plan_return", reason="请补充责任分工")
    assert plan.return_reason == "请补充责任分工"
    plan_update(actor=staff, plan=plan, version=plan.version, title=plan.title, summary="已补充")
    plan_step(actor=staff, plan=plan, step="plan_file")
    assert plan.return_reason == ""
    plan_step(actor=office, plan=plan, step="plan_accept")
    assert (plan.state, plan.decided_by) == ("accepted", office)
    with pytest.raises(StateConflict):
        plan_step(actor=staff, plan=plan, step="plan_withdraw")
    actions = list(AuditEntry.objects.filter(target_type="filings.implementationplan").order_by("pk"))
    assert [entry.action for entry in actions] == [
        "plan_create", "plan_file", "plan_return", "plan_update", "plan_file", "plan_accept",
    ]  # fmt: skip


def test_nobody_decides_on_what_he_filed_himself(world: World) -> None:
    both = world.user("staff", "east")
    for at in ("east", "root"):
        RoleAssignment.objects.get_or_create(user=both, role=Role.OFFICE, organization=world.orgs[at])
    both = world.user("staff", "east")
    plan = plan_step(actor=both, plan=write(world), step="plan_file")
    for step in ("plan_accept", "plan_return"):
        with pytest.raises(DomainError):
            plan_step(actor=both, plan=plan, step=step, reason="理由")
    assert ImplementationPlan.objects.get().state == "filed"


@pytest.mark.parametrize(
    ("role", "held"), [("staff", "east"), ("staff", "west"), ("secretary", "east_one"), ("leader", "root")]
)
def test_only_the_office_above_decides(world: World, role: str, held: str) -> None:
    plan = filed(world)
    with pytest.raises(DomainError):
        plan_step(actor=world.user(role, held), plan=plan, step="plan_accept")
    assert ImplementationPlan.objects.get().state == "filed"


@pytest.mark.parametrize(
    ("role", "held", "at"), [("staff", "root", "east"), ("staff", "west", "east"), ("member", "east_one", "east_one")]
)
def test_nobody_writes_for_another_organization(world: World, role: str, held: str, at: str) -> None:
    with pytest.raises(NotAllowed):
        write(world, at, actor=world.user(role, held))
    plan = write(world, at)
    with pytest.raises(NotAllowed):
        plan_update(actor=world.user(role, held), plan=plan, version=1, title="别的")


def test_what_cannot_be_filed(world: World) -> None:
    with pytest.raises(DomainError):  # nobody above the holder of the campaign
        write(world, "root")
    empty = write(world, "west", summary=" ")
    with pytest.raises(DomainError):
        plan_step(actor=world.user("staff", "west"), plan=empty, step="plan_file")
    plan = write(world)
    with pytest.raises(DomainError):  # a second one
        write(world)
    with pytest.raises(EditConflict):
        plan_update(actor=None, plan=plan, version=9, title="新名")
    plan_step(actor=world.user("staff", "east"), plan=plan, step="plan_withdraw")
    again = write(world)
    Campaign.objects.update(state="closed")
    again.campaign.refresh_from_db()
    with pytest.raises(DomainError):
        plan_step(actor=world.user("staff", "east"), plan=again, step="plan_file")
    assert ImplementationPlan.objects.filter(state=PlanState.FILED).count() == 0


def test_a_plan_goes_to_the_nearest_active_organization_above(world: World) -> None:
    plan = write(world, "east_one")
    assert plan.receiver == world.orgs["east"]
    Organization.objects.filter(pk=world.orgs["east"].pk).update(is_active=False)
    assert (
        plan_step(actor=world.user("secretary", "east_one"), plan=plan, step="plan_file").receiver == world.orgs["root"]
    )


def test_files_are_kept_all_or_none_and_fixed_once_handed_in(world: World) -> None:
    staff = world.user("staff", "east")
    with pytest.raises(DomainError):
        write(world, actor=staff, documents=[pdf(), uploaded("坏.pdf", b"no pdf")])
    assert not ImplementationPlan.objects.exists()
    plan = write(world, actor=staff, documents=[pdf(), uploaded("现场.jpg", photo())])
    first, second = plan.attachments.all()
    plan_attachment_remove(actor=staff, attached=first)
    plan_step(actor=staff, plan=plan, step="plan_file")
    with pytest.raises(DomainError):
        plan_attachment_remove(actor=staff, attached=plan.attachments.get())
    with pytest.raises(DomainError):
        plan_update(actor=staff, plan=plan, version=plan.version, title="换")
    assert plan.attachments.get() == second


# -- who has not filed ----------------------------------------------------------------------------------------------


def test_committees_below_the_holder_are_expected_to_file(world: World) -> None:
    filed(world)
    campaign = Campaign.objects.get()
    assert plan_deadline(campaign) == campaign.stages.order_by("order")[0].ends_on
    assert list(missing_for(world.user("office", "root"), campaign)) == [world.orgs["west"]]
    assert list(missing_for(world.user("staff", "east"), campaign)) == []
    page = signed_in(world.user("office", "root")).get(reverse("plan_missing")).content.decode()
    assert world.orgs["west"].name in page
    assert world.orgs["east"].name not in page


def test_reminders_before_and_after_the_deadline_and_while_waiting(world: World) -> None:
    filed(world)
    deadline = plan_deadline(Campaign.objects.get())
    assert deadline is not None
    assert list(filing_due(deadline - dt.timedelta(days=40))) == []
    soon, late = (list(filing_due(deadline + dt.timedelta(days=days))) for days in (-5, 5))
    west = {
        world.users["staff@west"].pk,
        *(pk for key, user in world.users.items() if key == "office@west" for pk in [user.pk]),
    }
    assert {due.user_id for due in soon} == {due.user_id for due in late} == west
    assert {due.subject for due in soon} != {due.subject for due in late}
    today = clock.today()
    assert list(decisions_due(today)) == []
    waiting = list(decisions_due(today + dt.timedelta(days=4)))
    assert world.users["office@root"].pk in {due.user_id for due in waiting}


def test_the_desk_says_what_to_do(world: World) -> None:
    plan = filed(world)

    def counts(role: str, at: str) -> dict[str, int]:
        return {tile.url: tile.count for tile in tiles_for(world.user(role, at)) if "/plans/" in tile.url}

    assert counts("office", "root") == {f"{reverse('plan_list')}?which=to_decide": 1}
    assert counts("staff", "west") == {reverse("plan_create"): 1}
    assert counts("staff", "east") == {}
    plan_step(actor=world.user("office", "root"), plan=plan, step="plan_return", reason="补")
    assert counts("staff", "east") == {f"{reverse('plan_list')}?state=returned": 1, reverse("plan_create"): 1}


# -- pages ---------------------------------------------------------------------------------------------------------


def test_somebody_writes_and_files_over_the_page(world: World) -> None:
    world.campaign()
    client = signed_in(world.user("staff", "east"))
    data = {"organization": world.orgs["east"].pk, "title": "东山公司实施方案", "summary": "措施"}
    refused = client.post(reverse("plan_create"), {**data, "documents": [uploaded("坏.pdf", b"x")]})
    assert "东山公司实施方案" in refused.content.decode()
    assert not ImplementationPlan.objects.exists()
    foreign = client.post(reverse("plan_create"), {**data, "organization": world.orgs["west"].pk})
    assert foreign.status_code == 200
    assert client.post(reverse("plan_create"), {**data, "documents": [pdf(), pdf("附表.pdf")]}).status_code == 302
    plan = ImplementationPlan.objects.get()
    page = client.get(reverse("plan_detail", args=[plan.pk])).content.decode()
    assert "附表.pdf" in page
    office = signed_in(world.user("office", "root"))
    assert office.get(reverse("plan_detail", args=[plan.pk])).status_code == 404  # a draft
    assert client.post(reverse("plan_step", args=[plan.pk]), {"step": "plan_file"}).status_code == 302
    assert office.get(reverse("plan_detail", args=[plan.pk])).status_code == 200
    file = reverse("plan_attachment", args=[plan.pk, plan.attachments.first().attachment_id])
    answer = office.get(file)
    assert answer["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(action="plan_download").count() == 1
    assert signed_in(world.user("staff", "west")).get(file).status_code == 404
    other = filed(world, "west")
    assert (
        office.get(reverse("plan_attachment", args=[other.pk, plan.attachments.first().attachment_id])).status_code
        == 404
    )


def test_an_overtaken_edit_keeps_what_was_typed(world: World) -> None:
    plan = write(world)
    client, address = signed_in(world.user("staff", "east")), reverse("plan_edit", args=[plan.pk])
    assert client.post(address, {"title": "第一次", "summary": "", "version": 1}).status_code == 302
    second = client.post(address, {"title": "第二次", "summary": "", "version": 1})
    assert "第二次" in second.content.decode()
    assert ImplementationPlan.objects.get().title == "第一次"


def test_the_list_costs_the_same_for_any_number(world: World) -> None:
    client, counts = signed_in(world.user("office", "root")), []
    for places in (("east",), ("west", "east_one")):
        for at in places:
            plan = write(world, at)
            ImplementationPlan.objects.filter(pk=plan.pk).update(state="filed", filed_at=clock.now())
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("plan_list")).content.decode()
        assert all(f"{at} 实施方案" in page for at in places)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_plan_stands_on_the_timeline_and_in_the_exported_list(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    plan = filed(world)
    office = world.user("office", "root")
    assert any(plan.title in entry.text for entry in organization_timeline(world.orgs["east"], office))
    assert not any(plan.title in entry.text for entry in organization_timeline(world.orgs["east"],
                                                                             world.user("staff", "west")))  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(office).post(reverse("list_export", args=[world.orgs["root"].pk, "plans"]))
    assert answer.status_code == 302
    rows = load_workbook(Path(settings.MEDIA_ROOT) / Job.objects.get().file_path).active.values
    texts = [str(cell) for row in rows for cell in row if cell]
    assert plan.title in texts
    assert "未报备" in texts


def test_nobody_decides_on_what_a_deputy_filed_for_him(world: World) -> None:
    RoleAssignment.objects.create(user=world.users["staff@east"], role=Role.OFFICE, organization=world.orgs["root"])
    deputy = acting(world, handed(world, "staff@east", "member@east_one"))
    plan = plan_step(actor=deputy, plan=write(world), step="plan_file")
    for step in ("plan_accept", "plan_return"):
        with pytest.raises(DomainError):
            plan_step(actor=world.user("staff", "east"), plan=plan, step=step, reason="理由")
    plan_step(actor=world.user("office", "root"), plan=plan, step="plan_accept")


def test_a_plan_is_decided_where_it_was_filed_though_the_organization_moved(world: World) -> None:
    plan = plan_step(actor=world.user("secretary", "east_one"), plan=write(world, "east_one"), step="plan_file")
    organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
    for at in ("west", "west_one"):
        foreign = signed_in(world.user("staff" if at == "west" else "secretary", at))
        assert foreign.post(reverse("plan_step", args=[plan.pk]), {"step": "plan_accept"}).status_code == 404
    office = signed_in(world.user("staff", "east"))
    assert office.get(reverse("plan_detail", args=[plan.pk])).status_code == 200
    assert office.post(reverse("plan_step", args=[plan.pk]), {"step": "plan_accept"}).status_code == 302
    plan.refresh_from_db()
    assert plan.state == "accepted"
