"""Party positions with their dates, the branches of a member, status, and probation."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.notices.membership import probations_due, transfers_due
from orgs.models import Enrolment, Member, MemberEvent, Organization, Position
from orgs.models.members import months_after
from orgs.selectors import leaders_of, without_secretary
from orgs.services import member_create, member_update, plan_of
from orgs.services.positions import (
    enrolment_add,
    enrolment_change,
    enrolment_remove,
    position_begin,
    position_change,
    position_remove,
)
from orgs.services.probation import probation_extend, probation_finish
from orgs.services.storing import members_store
from orgs.services.transfers import transfer_request
from tests.orgs.test_organizations import signed_in, statements
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 9, 15)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with clock.at(clock.start_of(TODAY) + dt.timedelta(hours=9)):
        yield


def fresh(member: Member) -> Member:
    return Member.objects.select_related("organization").get(pk=member.pk)


# -- positions -----------------------------------------------------------------------------------------------------


def test_what_is_asked_for_one_member_makes_no_list_of_all(world: World) -> None:
    seen = str(Position.objects.visible_to(world.user("staff", "east")).filter(member=1).query)
    assert seen.count("SELECT") == 1


def test_the_committee_above_appoints_a_member_of_a_branch(world: World) -> None:
    member, staff = world.members["east_one"][1], world.user("staff", "east")
    position = position_begin(
        actor=staff, member=member, organization=world.orgs["east"], post="secretary", starts_on=dt.date(2026, 1, 1)
    )
    # The highest position in the own branch is what lists show; one above is not.
    assert (fresh(member).party_post, position.ends_on) == ("", None)
    for actor in (world.user("secretary", "east_one"), world.user("leader", "root")):
        with pytest.raises(NotAllowed):
            position_begin(actor=actor, member=member, organization=world.orgs["east"], post="deputy_secretary")
    with pytest.raises(NotAllowed):
        position_begin(
            actor=world.user("staff", "west"), member=member, organization=world.orgs["west"], post="secretary"
        )


def test_the_highest_open_position_in_the_branch_is_the_member_s(world: World) -> None:
    member, secretary = world.members["east_one"][1], world.user("secretary", "east_one")
    place = world.orgs["east_one"]
    lower = position_begin(actor=secretary, member=member, organization=place, post="publicity_member")
    assert fresh(member).party_post == "publicity_member"
    higher = position_begin(actor=secretary, member=member, organization=place, post="deputy_secretary", is_acting=True)
    assert (fresh(member).party_post, higher.is_acting) == ("deputy_secretary", True)
    position_change(actor=secretary, position=higher, starts_on=None, ends_on=TODAY, is_acting=True)
    assert fresh(member).party_post == "publicity_member"
    position_remove(actor=secretary, position=lower, reason="录入有误")
    assert (fresh(member).party_post, Position.objects.filter(member=member).count()) == ("", 1)
    assert AuditEntry.objects.get(action="position_remove").reason == "录入有误"


def test_positions_that_cannot_be(world: World) -> None:
    member, place = world.members["east_one"][1], world.orgs["east_one"]
    begin = {"actor": None, "member": member, "organization": place, "post": "publicity_member"}
    position = position_begin(**begin, starts_on=dt.date(2024, 1, 1), ends_on=dt.date(2025, 1, 1))
    for days in (
        (dt.date(2024, 6, 1), None),
        (None, None),
        (dt.date(2026, 9, 16), None),
        (dt.date(2026, 2, 1), dt.date(2026, 1, 1)),
    ):
        with pytest.raises(DomainError):
            position_begin(**begin, starts_on=days[0], ends_on=days[1])
    position_begin(**begin, starts_on=dt.date(2025, 1, 1))
    with pytest.raises(DomainError):
        position_remove(actor=None, position=position, reason="")
    assert Position.objects.filter(member=member).count() == 2


def test_a_form_that_was_open_does_not_bring_an_old_position_back(world: World) -> None:
    member = world.members["east_one"][1]
    position_begin(actor=None, member=member, organization=world.orgs["east_one"], post="publicity_member")
    with pytest.raises(EditConflict):
        member_update(actor=None, member=member, version=1, party_post="")


# -- branches ------------------------------------------------------------------------------------------------------


def test_earlier_branches_are_entered_without_overlaps(world: World) -> None:
    member, staff = world.members["east_one"][1], world.user("staff", "east")
    first = enrolment_add(
        actor=staff,
        member=member,
        organization=world.orgs["west_one"],
        starts_on=dt.date(2005, 7, 1),
        ends_on=dt.date(2009, 12, 31),
    )
    for days in (
        (dt.date(2009, 1, 1), dt.date(2009, 6, 1)),
        (None, dt.date(2006, 1, 1)),
        (dt.date(2009, 12, 1), dt.date(2010, 6, 1)),
        (dt.date(2004, 1, 1), dt.date(2003, 1, 1)),
    ):
        with pytest.raises(DomainError):
            enrolment_add(
                actor=staff, member=member, organization=world.orgs["west_two"], starts_on=days[0], ends_on=days[1]
            )
    present = Enrolment.objects.get(member=member, ends_on=None)
    with pytest.raises(DomainError):
        enrolment_change(actor=staff, enrolment=present, starts_on=dt.date(2009, 6, 1), ends_on=None)
    with pytest.raises(DomainError):
        enrolment_change(actor=staff, enrolment=present, starts_on=dt.date(2011, 6, 1), ends_on=TODAY)
    enrolment_change(actor=staff, enrolment=present, starts_on=dt.date(2011, 6, 1), ends_on=None)
    with pytest.raises(DomainError):
        enrolment_remove(actor=staff, enrolment=present, reason="录入有误")
    enrolment_remove(actor=staff, enrolment=first, reason="录入有误")
    assert Enrolment.objects.filter(member=member).count() == 1


def test_only_those_entitled_correct_the_branches(world: World) -> None:
    member = world.members["east_one"][1]
    for actor in (world.user("secretary", "east_one"), world.user("staff", "west"), world.user("member", "east_one")):
        with pytest.raises(NotAllowed):
            enrolment_add(
                actor=actor,
                member=member,
                organization=world.orgs["west_one"],
                starts_on=None,
                ends_on=dt.date(2009, 12, 31),
            )
    assert Enrolment.objects.filter(member=member).count() == 1


# -- status --------------------------------------------------------------------------------------------------------


def test_who_leaves_is_enrolled_nowhere_and_who_comes_back_is_again(world: World) -> None:
    secretary = world.members["east_one"][0]
    member_update(actor=None, member=secretary, version=1, status="left", status_since=dt.date(2026, 9, 1))
    assert list(Enrolment.objects.filter(member=secretary).values_list("ends_on", flat=True)) == [dt.date(2026, 8, 31)]
    assert not Position.objects.filter(member=secretary, ends_on=None).exists()
    member = fresh(secretary)
    assert (member.party_post, member.status_since) == ("", dt.date(2026, 9, 1))
    member_update(actor=None, member=member, version=member.version, status="normal")
    assert Enrolment.objects.get(member=member, ends_on=None).starts_on == TODAY
    events = MemberEvent.objects.filter(member=member).values_list("status", "happened_on")
    assert list(events) == [("normal", TODAY), ("left", dt.date(2026, 9, 1))]


def test_a_status_counts_from_today_unless_a_day_is_given_and_never_from_tomorrow(world: World) -> None:
    member = world.members["east_one"][1]
    member_update(actor=None, member=member, version=1, status="lost_contact")
    assert (member.status_since, Enrolment.objects.get(member=member).ends_on) == (TODAY, None)
    with pytest.raises(DomainError):
        member_update(actor=None, member=member, version=2, status="normal", status_since=dt.date(2026, 9, 16))


# -- probation -----------------------------------------------------------------------------------------------------


def probationer(world: World, joined: dt.date = dt.date(2025, 10, 1), name: str = "周预备") -> Member:
    return member_create(
        actor=None, organization=world.orgs["east_one"], name=name, sex="male", kind="probationary", joined_on=joined
    )


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (dt.date(2025, 10, 1), 12, dt.date(2026, 10, 1)),
        (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
        (dt.date(2025, 8, 31), 6, dt.date(2026, 2, 28)),
        (dt.date(2026, 3, 31), -1, dt.date(2026, 2, 28)),
        (dt.date(2026, 1, 15), -12, dt.date(2025, 1, 15)),
        (dt.date(2025, 12, 31), 12, dt.date(2026, 12, 31)),
    ],
)
def test_months_are_counted_by_the_calendar(day: dt.date, months: int, later: dt.date) -> None:
    assert months_after(day, months) == later


def test_probation_lasts_a_year_unless_another_day_is_fixed(world: World) -> None:
    assert probationer(world).probation_end == dt.date(2026, 10, 1)
    fixed = probationer(world, name="周另定")
    member_update(actor=None, member=fixed, version=1, probation_ends_on=dt.date(2026, 12, 1))
    assert fixed.probation_end == dt.date(2026, 12, 1)
    assert world.members["east_one"][1].probation_end is None
    ending = Member.objects.probation_ending(dt.date(2026, 10, 1))
    assert [member.name for member in ending] == ["周预备"]
    assert not Member.objects.probation_ending(dt.date(2026, 9, 30)).exists()


def test_probation_is_extended_by_six_to_twelve_months_with_a_reason(world: World) -> None:
    member, secretary = probationer(world), world.user("secretary", "east_one")
    for months, reason in ((5, "考察"), (13, "考察"), (6, " ")):
        with pytest.raises(DomainError):
            probation_extend(actor=secretary, member=member, version=1, months=months, reason=reason)
    with pytest.raises(NotAllowed):
        probation_extend(actor=world.user("secretary", "east_two"), member=member, version=1, months=6, reason="考察")
    probation_extend(actor=secretary, member=member, version=1, months=6, reason="继续考察")
    assert member.probation_end == dt.date(2027, 4, 1)
    with pytest.raises(DomainError):
        probation_extend(actor=secretary, member=member, version=2, months=7, reason="再考察")
    probation_extend(actor=secretary, member=member, version=2, months=6, reason="再考察")
    reasons = MemberEvent.objects.filter(member=member).values_list("reason", "until").order_by("pk")
    assert list(reasons) == [("继续考察", dt.date(2027, 4, 1)), ("再考察", dt.date(2027, 10, 1))]


def test_a_probationary_member_becomes_a_full_one_once(world: World) -> None:
    member, secretary = probationer(world), world.user("secretary", "east_one")
    for day in (dt.date(2026, 9, 16), dt.date(2025, 9, 1)):
        with pytest.raises(DomainError):
            probation_finish(actor=secretary, member=member, version=1, full_member_on=day)
    probation_finish(actor=secretary, member=member, version=1, full_member_on=dt.date(2026, 9, 10))
    assert (member.kind, member.full_member_on, member.probation_end) == ("full", dt.date(2026, 9, 10), None)
    with pytest.raises(DomainError):
        probation_finish(actor=secretary, member=member, version=2, full_member_on=dt.date(2026, 9, 10))


# -- desk, reminders, pages ----------------------------------------------------------------------------------------


def test_what_waits_lies_on_the_desk_and_is_reminded_of(world: World) -> None:
    secretary, other = world.user("secretary", "east_one"), world.user("secretary", "west_one")
    member = probationer(world)
    with clock.at(clock.start_of(dt.date(2026, 9, 10))):
        transfer_request(
            actor=secretary, member=world.members["east_one"][1], target=world.orgs["west_one"], reason="工作调动"
        )
    found = {str(tile.url): tile.count for tile in tiles_for(secretary)}
    assert found["/members/probation/?when=soon"] == 1
    assert found["/transfers/?work=release"] == 1
    assert not [tile for tile in tiles_for(other) if "transfers" in tile.url or "probation" in tile.url]
    (due,) = probations_due(TODAY)
    assert (due.user_id, due.url, due.due_on) == (secretary.pk, f"/members/{member.pk}/", dt.date(2026, 10, 1))
    assert member.name not in due.text
    assert not list(probations_due(dt.date(2026, 8, 31)))
    assert [due.user_id for due in transfers_due(TODAY)] == [secretary.pk]
    assert not list(transfers_due(dt.date(2026, 9, 12)))


def test_positions_branches_and_probation_in_the_browser(world: World) -> None:
    client, member = signed_in(world.user("staff", "east")), probationer(world)
    detail = reverse("member_detail", args=[member.pk])
    assert "2026-10-01" in client.get(detail).content.decode()
    data = {"organization": world.orgs["east"].pk, "post": "committee_member", "starts_on": "2026-01-01"}
    assert client.post(reverse("member_position_create", args=[member.pk]), data).status_code == 302
    position = Position.objects.get(member=member)
    assert (
        client.post(
            reverse("member_position_edit", args=[position.pk]), {"ends_on": "2025-01-01", "starts_on": "2026-01-01"}
        ).status_code
        == 200
    )
    assert (
        client.post(
            reverse("member_position_edit", args=[position.pk]), {"ends_on": "2026-09-01", "starts_on": "2026-01-01"}
        ).status_code
        == 302
    )
    branch = {"organization": world.orgs["west_one"].pk, "starts_on": "2001-01-01", "ends_on": "2002-01-01"}
    url = reverse("member_branch_create", args=[member.pk])
    refused = client.post(url, branch)
    assert refused.status_code == 200  # the first day in the present branch is not known yet
    present = Enrolment.objects.get(member=member)
    assert client.post(reverse("member_branch_edit", args=[present.pk]), {"starts_on": "2025-10-01"}).status_code == 302
    assert client.post(url, branch).status_code == 302
    body = client.get(reverse("member_history", args=[member.pk])).content.decode()
    assert "西河公司选矿车间党支部" in body
    assert "2026-09-01" in body
    full = reverse("member_probation_finish", args=[member.pk])
    assert client.post(full, {"version": 1, "full_member_on": "2026-09-10"}).status_code == 302
    assert "2026-09-10" in client.get(detail).content.decode()


def test_the_lists_have_a_fixed_number_of_statements(world: World) -> None:
    client = signed_in(world.user("secretary", "east_one"))
    counts: dict[str, list[int]] = {"member_probation": [], "transfer_list": []}
    for number in (1, 2, 3):
        probationer(world, name=f"周预备{number}")
        transfer_request(
            actor=None, member=world.members["east_one"][number], target=world.orgs["west_one"], reason="工作调动"
        )
        if number != 2:
            for name, found in counts.items():
                found.append(statements(client, reverse(name)))
    assert {name: len(set(found)) for name, found in counts.items()} == {"member_probation": 1, "transfer_list": 1}
    # Who is signed in with the roles; rows and their number; transfers count what waits on either side besides.
    assert [found[0] for found in counts.values()] == [4, 6]


def test_a_secretary_from_another_branch_leads_as_well(world: World) -> None:
    east, west_two = world.orgs["east"], world.orgs["west_two"]
    assert west_two not in without_secretary(Organization.objects.all())
    member_update(actor=None, member=world.members["west_two"][0], version=1, party_post="")
    assert west_two in without_secretary(Organization.objects.all())
    for place in (east, west_two):
        position_begin(actor=None, member=world.members["east_one"][1], organization=place, post="secretary")
    position_begin(actor=None, member=world.members["east_two"][1], organization=east, post="committee_member")
    assert [name for _title, name in leaders_of(east)] == ["李秀英", "李秀英"]
    assert west_two not in without_secretary(Organization.objects.all())


def test_a_roster_ends_and_begins_the_enrolment_of_who_leaves_and_comes_back(world: World) -> None:
    def store(status: str) -> Member:
        rows = f"姓名,性别,所在党组织,人员编号,党籍状态\n张建国,男,东山公司采掘一区党支部,east_one-0,{status}\n"
        rows += f"新党员,男,东山公司采掘一区党支部,N-{status},已转出\n"
        plan = plan_of(kind="members", source=rows.encode(), actor=None, base=None)
        assert not plan.problems.errors
        members_store(plan=plan, actor=None)
        return fresh(world.members["east_one"][0])

    assert store("已转出").party_post == ""
    open_ones = Enrolment.objects.filter(ends_on=None, member__personnel_no__in=("east_one-0", "N-已转出", "N-正常"))
    assert not open_ones.exists()
    assert not Position.objects.filter(member__personnel_no="east_one-0", ends_on=None).exists()
    store("正常")
    assert [span.member.personnel_no for span in open_ones] == ["east_one-0"]
