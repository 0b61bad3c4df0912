"""Leading group and office: who holds which function, replaced, ended, suggested; the pages and the exported list."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.jobs.models import Job
from orgs.leadership import leadership_now, leadership_rows, leadership_suggestion
from orgs.models import LeadershipFunction, LeadershipPost, Organization, PartyPost, Position
from orgs.services.leadership import (
    leadership_appoint,
    leadership_end,
    leadership_take_suggested,
    leadership_update,
)
from tests.world import World

pytestmark = pytest.mark.django_db
HEAD = LeadershipFunction.GROUP_HEAD
YESTERDAY = dt.timedelta(days=1)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def appoint(world: World, at: str = "east", function: str = HEAD, **given: Any) -> LeadershipPost:
    values = {"starts_on": dt.date(2026, 1, 1), "name": "钱部长", **given}
    return leadership_appoint(actor=None, organization=world.orgs[at], function=function, **values)


def test_a_single_function_passes_on_and_keeps_its_history(world: World) -> None:
    staff, east = world.user("staff", "east"), world.orgs["east"]
    first = appoint(world)
    member = world.members["east_one"][0]
    second = leadership_appoint(
        actor=staff, organization=east, function=HEAD, member=member, starts_on=dt.date(2026, 6, 1)
    )
    first.refresh_from_db()
    assert first.ends_on == dt.date(2026, 5, 31)
    assert leadership_now(east) == [second]
    assert (second.name, second.duty) == (member.name, member.get_party_post_display())
    actions = AuditEntry.objects.filter(target_type="orgs.leadershippost").values_list("action", flat=True)
    assert sorted(actions) == ["leadership_appoint", "leadership_appoint", "leadership_end"]


def test_several_are_members_of_the_group_but_nobody_twice(world: World) -> None:
    for name in ("甲", "乙"):
        appoint(world, function=LeadershipFunction.GROUP_MEMBER, name=name)
    with pytest.raises(DomainError):
        appoint(world, function=LeadershipFunction.GROUP_MEMBER, name="乙")
    assert leadership_rows(world.orgs["east"]) == [
        (str(LeadershipFunction.GROUP_MEMBER.label), "甲、乙"),
    ]


def test_nobody_follows_before_the_former_holder_took_office(world: World) -> None:
    appoint(world)
    with pytest.raises(DomainError):
        appoint(world, name="孙部长", starts_on=dt.date(2025, 12, 31))
    assert LeadershipPost.objects.get().ends_on is None


@pytest.mark.parametrize(
    ("role", "held", "at", "allowed"),
    [
        ("staff", "east", "east", True),
        ("secretary", "east_one", "east_one", True),
        ("staff", "east", "root", False),
        ("staff", "east", "west", False),
        ("secretary", "east_one", "east", False),
        ("leader", "root", "east", False),
    ],
)
def test_who_may_give_functions(world: World, role: str, held: str, at: str, allowed: bool) -> None:
    def give() -> Any:
        return leadership_appoint(
            actor=world.user(role, held), organization=world.orgs[at], function=HEAD, name="钱部长",
            starts_on=clock.today(),
        )  # fmt: skip

    if allowed:
        assert give().name == "钱部长"
        return
    with pytest.raises(NotAllowed):
        give()
    assert not LeadershipPost.objects.exists()


def test_members_out_of_sight_and_former_ones_are_refused(world: World) -> None:
    staff = world.user("staff", "east")
    given = {"actor": staff, "organization": world.orgs["east"], "function": HEAD, "starts_on": clock.today()}
    with pytest.raises(NotAllowed):
        leadership_appoint(member=world.members["west_one"][0], **given)
    gone = world.members["east_one"][1]
    gone.status = "left"
    with pytest.raises(DomainError):
        leadership_appoint(member=gone, **given)
    with pytest.raises(DomainError):
        leadership_appoint(name="  ", **given)
    assert not LeadershipPost.objects.exists()


def test_days_are_corrected_with_a_version(world: World) -> None:
    post = appoint(world)
    given = {"actor": None, "post": post, "duty": "部长", "starts_on": dt.date(2026, 2, 1), "ends_on": None}
    leadership_update(version=1, **given)
    assert (post.duty, post.version) == ("部长", 2)
    with pytest.raises(EditConflict):
        leadership_update(version=1, **given)
    with pytest.raises(DomainError):
        leadership_update(version=2, **{**given, "ends_on": dt.date(2026, 1, 1)})
    leadership_end(actor=None, post=post)
    with pytest.raises(StateConflict):
        leadership_end(actor=None, post=post)
    appoint(world, name="孙部长")
    with pytest.raises(DomainError):  # the function would have two holders
        leadership_update(version=post.version, **given)


def test_the_secretary_is_suggested_and_taken_over(world: World) -> None:
    one, (secretary, deputy) = world.orgs["east_one"], world.members["east_one"][:2]
    for member, post in ((secretary, PartyPost.SECRETARY), (deputy, PartyPost.DEPUTY_SECRETARY)):
        Position.objects.get_or_create(member=member, organization=one, post=post, ends_on=None)
    assert [(function, member.pk) for function, member in leadership_suggestion(one)] == [
        (LeadershipFunction.FIRST_RESPONSIBLE, secretary.pk),
        (LeadershipFunction.DIRECTLY_RESPONSIBLE, deputy.pk),
        (LeadershipFunction.GROUP_HEAD, secretary.pk),
    ]
    client = signed_in(world.user("secretary", "east_one"))
    assert client.post(reverse("leadership_take_suggested", args=[one.pk])).status_code == 302
    assert LeadershipPost.objects.filter(organization=one).count() == 3
    assert leadership_suggestion(one) == []
    with pytest.raises(DomainError):
        leadership_take_suggested(actor=None, organization=one)


def test_the_page_shows_the_present_and_the_past_at_a_constant_cost(world: World) -> None:
    client, address = signed_in(world.user("staff", "east")), reverse("leadership_detail", args=[world.orgs["east"].pk])
    assert "还没有" in client.get(address).content.decode()
    counts = []
    for names in (("甲一",), ("乙一", "丙一", "丁一")):
        for name in names:
            leadership_end(actor=None, post=appoint(world, function=LeadershipFunction.OFFICE_MEMBER, name=f"旧{name}"))
            appoint(world, function=LeadershipFunction.GROUP_MEMBER, name=name)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(address).content.decode()
        assert all(name in page and f"旧{name}" in page for name in names)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_somebody_is_appointed_over_the_page(world: World) -> None:
    client, east = signed_in(world.user("staff", "east")), world.orgs["east"]
    address = reverse("leadership_appoint", args=[east.pk])
    both = {"function": HEAD, "member": world.members["east_one"][0].pk, "name": "又写", "starts_on": "2026-01-01"}
    assert client.post(address, both).status_code == 200
    assert client.post(address, {"function": HEAD, "starts_on": "2026-01-01"}).status_code == 200
    foreign = {**both, "member": world.members["west_one"][0].pk, "name": ""}
    assert client.post(address, foreign).status_code == 200
    assert not LeadershipPost.objects.exists()
    assert client.post(address, {**both, "name": ""}).status_code == 302
    assert LeadershipPost.objects.get().member == world.members["east_one"][0]
    found = client.post(reverse("member_choose"), {"q": "张建国"}).json()["results"]
    own = {member.pk for key in ("east_one", "east_two") for member in world.members[key]}
    assert found
    assert {one["value"] for one in found} <= own


def test_the_list_of_a_subtree_is_printed_and_exported(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    appoint(world, "east_one", name="采区书记")
    appoint(world, "west_one", name="别处书记")
    client, east = signed_in(world.user("staff", "east")), world.orgs["east"]
    page = client.get(reverse("leadership_list", args=[east.pk])).content.decode()
    assert "采区书记" in page
    assert "别处书记" not in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("list_export", args=[east.pk, "leadership"]))
    job = Job.objects.get()
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    rows = list(load_workbook(Path(settings.MEDIA_ROOT) / job.file_path).active.values)
    texts = [str(cell) for row in rows for cell in row if cell]
    assert "采区书记" in texts
    assert "别处书记" not in texts
    assert Organization.objects.in_subtree(east).count() == sum(
        "东山公司" in text for text in texts if "填报" not in text
    )
    assert AuditEntry.objects.get(action="list_export").changes["rows"] == [0, 3]
    for wrong in ("nothing", "leadership"):
        foreign = world.orgs["west" if wrong == "leadership" else "east"]
        assert client.post(reverse("list_export", args=[foreign.pk, wrong])).status_code == 404
