"""Awards through the browser's eyes: hold a batch, nominate, decide, announce; who sees what in between."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from awards.models import AwardBatch, Honour, Nomination
from awards.services import award_announce, nomination_create, nomination_decide
from campaign.common import clock
from campaign.common.desk import desk
from campaign.models import Campaign
from campaign.notices.registry import reminders
from orgs.models import User
from orgs.timeline import member_timeline, organization_timeline
from tests.awards.case import DAY, DEEDS, NOON, category, closed, fresh, made, nominated, opened
from tests.world import World


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


@pytest.fixture
def batch(world: World, campaign: Campaign) -> AwardBatch:
    return opened(world, campaign)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def announced(world: World, batch: AwardBatch, *nominations: Nomination) -> list[Honour]:
    batch = closed(world, batch)
    for nomination in nominations:
        nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "root"), approve=True)
    return award_announce(batch=batch, actor=world.user("staff", "root"))


@pytest.mark.django_db
def test_the_whole_way_by_hand(world: World, campaign: Campaign) -> None:
    staff, secretary = signed_in(world.user("staff", "root")), signed_in(world.user("secretary", "east_one"))
    committee, member = signed_in(world.user("committee", "root")), world.members["east_one"][1]
    new = {
        "name": "七一表彰", "organization": world.orgs["root"].pk, "opens_on": "2026-07-10", "closes_on": "2026-07-30",
        "quota_excellent_member": 1, "quota_excellent_worker": 0, "quota_advanced_organization": 2,
    }  # fmt: skip
    response = staff.post(reverse("batch_create"), new)
    batch = AwardBatch.objects.get()
    assert response["Location"] == reverse("batch_detail", args=[batch.pk])
    staff.post(reverse("batch_step", args=[batch.pk, "batch_open"]))
    wanted = category(batch)
    choose = text(secretary.get(reverse("nomination_choose"), {"category": wanted.pk}))
    address = f"{reverse('nomination_create')}?category={wanted.pk}&member={member.pk}"
    assert address.replace("&", "&amp;") in choose
    assert secretary.get(address).status_code == 200
    response = secretary.post(address, {"deeds": DEEDS, "submit_now": "1"})
    nomination = Nomination.objects.get()
    assert (nomination.state, response["Location"]) == ("nominated", reverse("nomination_detail", args=[nomination.pk]))
    staff.post(reverse("batch_step", args=[batch.pk, "batch_close"]))
    assert DEEDS in text(committee.get(reverse("nomination_detail", args=[nomination.pk])))
    committee.post(reverse("nomination_decide", args=[nomination.pk, "nomination_approve"]))
    staff.post(reverse("batch_step", args=[batch.pk, "award_announce"]))
    honour = Honour.objects.get()
    own = signed_in(world.user("member", "east_one"))
    for page in (reverse("honour_list"), reverse("batch_detail", args=[batch.pk])):
        assert "2026-0001" in text(own.get(page))
    assert [entry.label for entry in member_timeline(member, member.user) if entry.icon == "trophy"] == [honour.title]
    assert staff.get(reverse("batch_edit", args=[batch.pk])).status_code == 302


@pytest.mark.django_db
def test_a_member_sees_no_nomination_before_it_is_announced(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    clients = [
        signed_in(world.user(role, at))
        for role, at in (("member", "east_one"), ("member2", "east_one"), ("leader", "east"))
    ]
    hidden = (reverse("nomination_detail", args=[nomination.pk]), reverse("nomination_edit", args=[nomination.pk]))
    for client in clients:
        assert [client.get(page).status_code for page in hidden] == [404, 404]
        page = client.get(reverse("batch_detail", args=[batch.pk]))
        assert page.status_code == 200
        assert "table" not in page.context
        assert reverse("nomination_detail", args=[nomination.pk]) not in text(page)
        assert not client.get(reverse("honour_list")).context["table"].rows
    announced(world, batch, nomination)
    for client in clients:
        assert [row.record.name for row in client.get(reverse("honour_list")).context["table"].rows] == ["李秀英"]
        assert [client.get(page).status_code for page in hidden] == [404, 404]


@pytest.mark.django_db
def test_nominations_are_seen_where_they_come_from_and_above(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    page, whole = reverse("nomination_detail", args=[nomination.pk]), reverse("batch_detail", args=[batch.pk])
    for who in ("secretary@east_one", "staff@east", "committee@root", "office@root"):
        client = signed_in(world.user(*who.split("@")))
        assert client.get(page).status_code == 200, who
        assert [row.record for row in client.get(whole).context["table"].rows] == [nomination], who
    foreign = signed_in(world.user("committee", "west"))
    assert [foreign.get(address).status_code for address in (page, whole)] == [404, 404]
    for who in ("secretary@east_two", "staff@west"):
        client = signed_in(world.user(*who.split("@")))
        assert client.get(page).status_code == 404, who
        assert not client.get(whole).context["table"].rows, who
    for step in ("nomination_approve", "nomination_reject"):
        decide = reverse("nomination_decide", args=[nomination.pk, step])
        assert signed_in(world.user("committee", "east")).post(decide, {"reason": "x"}).status_code == 404
    withdraw = reverse("nomination_step", args=[nomination.pk, "nomination_withdraw"])
    assert signed_in(world.user("staff", "east")).post(withdraw).status_code == 404
    assert fresh(nomination).state == "nominated"


@pytest.mark.django_db
def test_a_draft_stays_with_who_nominates(world: World, batch: AwardBatch) -> None:
    secretary = world.user("secretary", "east_one")
    draft = nomination_create(
        actor=secretary,
        category=category(batch),
        organization=world.orgs["east_one"],
        nominee=world.members["east_one"][1],
    )
    page = reverse("nomination_detail", args=[draft.pk])
    assert signed_in(secretary).get(page).status_code == 200
    for who in ("staff@east", "committee@root", "staff@root"):
        assert signed_in(world.user(*who.split("@"))).get(page).status_code == 404
    address = f"{reverse('nomination_create')}?category={category(batch).pk}&member={world.members['east_one'][1].pk}"
    assert signed_in(secretary).get(address)["Location"] == reverse("nomination_edit", args=[draft.pk])


@pytest.mark.django_db
def test_a_batch_in_preparation_is_seen_by_its_holder(world: World, campaign: Campaign) -> None:
    batch = made(world, campaign)
    page = reverse("batch_detail", args=[batch.pk])
    assert signed_in(world.user("staff", "root")).get(page).status_code == 200
    for who in ("secretary@east_one", "staff@east", "leader@root"):
        client = signed_in(world.user(*who.split("@")))
        assert client.get(page).status_code == 404
        assert not client.get(reverse("batch_list")).context["table"].rows


@pytest.mark.django_db
def test_what_lies_elsewhere_is_not_found(world: World, campaign: Campaign, batch: AwardBatch) -> None:
    west = opened(world, campaign, "west")
    client, secretary = signed_in(world.user("staff", "east")), signed_in(world.user("secretary", "east_one"))
    assert client.get(reverse("batch_detail", args=[west.pk])).status_code == 404
    assert client.get(reverse("batch_edit", args=[batch.pk])).status_code == 404
    assert client.post(reverse("batch_step", args=[batch.pk, "batch_close"])).status_code == 404
    assert secretary.get(reverse("nomination_choose"), {"category": category(west).pk}).status_code == 404
    here = category(batch).pk
    for query in (
        {"category": here, "inside": world.orgs["west_one"].pk},
        {"category": here, "inside": "x"},
        {"category": "x"},
    ):
        assert secretary.get(reverse("nomination_choose"), query).status_code == 404, query
    for query in (
        {"category": here, "member": world.members["west_one"][1].pk},
        {"category": here, "organization": world.orgs["east"].pk},
        {"category": here},
        {"category": here, "member": "x"},
    ):
        assert secretary.get(reverse("nomination_create"), query).status_code == 404, query
    assert secretary.get(reverse("nomination_choose")).status_code == 302
    assert AwardBatch.objects.get(pk=batch.pk).state == "open"


@pytest.mark.django_db
def test_staff_find_their_way_down_to_a_branch(world: World, batch: AwardBatch) -> None:
    staff, wanted = signed_in(world.user("staff", "root")), category(batch).pk
    page = staff.get(reverse("nomination_choose"), {"category": wanted})
    assert [o.pk for o in page.context["organizations"]] == [world.orgs[key].pk for key in ("root", "east", "west")]
    page = staff.get(reverse("nomination_choose"), {"category": wanted, "inside": world.orgs["east_one"].pk})
    assert {m.pk for m in page.context["members"]} == {m.pk for m in world.members["east_one"]}
    address = f"{reverse('nomination_create')}?category={wanted}&member={world.members['east_one'][1].pk}"
    staff.post(address, {"deeds": DEEDS, "submit_now": "1"})
    assert Nomination.objects.get().organization == world.orgs["root"]
    page = staff.get(reverse("nomination_choose"), {"category": wanted, "inside": world.orgs["east_one"].pk})
    assert [m.name for m in page.context["members"] if m.standing] == ["李秀英"]


@pytest.mark.django_db
def test_missing_deeds_are_named_and_a_refusal_keeps_the_draft(world: World, batch: AwardBatch) -> None:
    secretary = signed_in(world.user("secretary", "east_one"))
    address = f"{reverse('nomination_create')}?category={category(batch).pk}&member={world.members['east_one'][1].pk}"
    page = secretary.post(address, {"deeds": " ", "submit_now": "1"})
    assert set(page.context["form"].errors) == {"deeds"}
    nominated(world, batch, world.members["east_one"][1], by="staff@east")
    page = secretary.post(address, {"deeds": DEEDS, "submit_now": "1"}, follow=True)
    assert len(page.context["messages"]) == 1
    draft = Nomination.objects.get(state="draft")
    edit = reverse("nomination_edit", args=[draft.pk])
    secretary.post(edit, {"deeds": "改过", "version": draft.version})
    stale = secretary.post(edit, {"deeds": "旧的", "version": draft.version})
    assert "旧的" in text(stale)
    assert fresh(draft).deeds == "改过"


@pytest.mark.django_db
def test_what_was_written_while_nominations_closed_is_kept_as_a_draft(world: World, batch: AwardBatch) -> None:
    """And the page that cannot be opened any more does not lead back to itself."""
    member, secretary = world.members["east_one"][1], signed_in(world.user("secretary", "east_one"))
    page = f"{reverse('nomination_create')}?category={category(batch).pk}&member={member.pk}"
    closed(world, batch)
    secretary.post(page, {"deeds": DEEDS, "submit_now": "1"}, headers={"referer": f"http://testserver{page}"})
    draft = Nomination.objects.get()
    assert (draft.state, draft.deeds) == ("draft", DEEDS)
    Nomination.objects.all().delete()
    for came_from in (page, "/awards/"):
        answer = secretary.get(page, headers={"referer": f"http://testserver{came_from}"}, follow=True)
        assert answer.status_code == 200
        assert "目前不接受推荐" in text(answer)


@pytest.mark.django_db
def test_a_rejection_says_why(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    committee = signed_in(world.user("committee", "root"))
    decide = reverse("nomination_decide", args=[nomination.pk, "nomination_reject"])
    committee.post(decide, {"reason": " "})
    assert fresh(nomination).state == "nominated"
    committee.post(decide, {"reason": "事迹材料过于笼统"})
    page = signed_in(world.user("secretary", "east_one")).get(reverse("nomination_detail", args=[nomination.pk]))
    assert "事迹材料过于笼统" in text(page)
    assert committee.post(reverse("nomination_decide", args=[nomination.pk, "no_such_step"])).status_code == 404


@pytest.mark.django_db
def test_quotas_are_edited_on_the_page(world: World, batch: AwardBatch) -> None:
    staff, page = signed_in(world.user("staff", "root")), reverse("batch_edit", args=[batch.pk])
    new = {"name": "改名", "opens_on": "2026-07-10", "closes_on": "2026-08-15", "version": batch.version,
           "quota_excellent_member": 7, "quota_excellent_worker": 1, "quota_advanced_organization": 1}  # fmt: skip
    assert staff.post(page, {**new, "closes_on": "2026-07-01"}).status_code == 200
    assert category(batch).quota == 2
    staff.post(page, new)
    assert (category(batch).quota, AwardBatch.objects.get().name) == (7, "改名")
    assert staff.post(page, new).status_code == 200  # saved meanwhile


@pytest.mark.django_db
def test_honours_are_seen_below_the_holder_and_above_the_honoured(world: World, campaign: Campaign) -> None:
    east = opened(world, campaign, "east")
    nomination = nominated(world, east, world.members["east_one"][1])
    east = closed(world, east)
    nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "east"), approve=True)
    award_announce(batch=east, actor=world.user("staff", "east"))

    def names(who: str) -> list[str]:
        client = signed_in(world.user(*who.split("@")))
        return [row.record.name for row in client.get(reverse("honour_list")).context["table"].rows]

    for who in ("member@east_one", "member@east_two", "staff@east", "staff@root", "leader@root"):
        assert names(who) == ["李秀英"], who
    for who in ("member@west_one", "staff@west"):
        assert names(who) == [], who


@pytest.mark.django_db
def test_honours_are_found_by_batch_and_organization(world: World, batch: AwardBatch) -> None:
    announced(
        world, batch, nominated(world, batch, world.members["east_one"][1]),
        nominated(world, batch, world.members["west_one"][1], by="secretary@west_one"),
    )  # fmt: skip
    client = signed_in(world.user("member", "east_one"))

    def found(**query: Any) -> int:
        return len(client.get(reverse("honour_list"), query).context["table"].rows)

    assert (found(), found(batch=batch.pk), found(organization="选矿"), found(organization="无此单位")) == (2, 2, 1, 0)


@pytest.mark.django_db
def test_lists_cost_the_same_for_one_row_and_for_three(world: World, campaign: Campaign) -> None:
    staff = signed_in(world.user("staff", "root"))
    counts = []
    for number in (1, 2):
        for _more in range(number):
            batch = opened(world, campaign, quotas={"excellent_member": 9})
            made_now = [nominated(world, batch, member) for member in world.members["east_one"][1 : number + 2]]
            announced(world, batch, *made_now)
        current = opened(world, campaign)
        for member in world.members["east_one"][: 2 * number - 1]:
            nominated(world, current, member)
        pages = [
            reverse("batch_list"),
            reverse("honour_list"),
            reverse("batch_detail", args=[batch.pk]),
            reverse("batch_detail", args=[current.pk]),
            f"{reverse('nomination_choose')}?category={category(current).pk}&inside={world.orgs['east_one'].pk}",
        ]
        counts.append([queries_of(staff, page) for page in pages])
    assert counts[0] == counts[1]


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def on_desk(user: User) -> dict[str, int]:
    return {tile.icon: tile.count for tile in desk.get("awards").tiles(user) if tile.count}


@pytest.mark.django_db
def test_the_desk_follows_the_batch(world: World, batch: AwardBatch) -> None:
    secretary, staff, committee = (("secretary", "east_one"), ("staff", "root"), ("committee", "root"))
    assert on_desk(world.user(*secretary)) == {"award": 1}
    nomination = nominated(world, batch, world.members["east_one"][1])
    assert on_desk(world.user(*secretary)) == {}
    assert on_desk(world.user(*committee)) == {}
    with clock.at(NOON + dt.timedelta(days=21)):
        assert on_desk(world.user(*staff)) == {"calendar-off": 1}
    batch = closed(world, batch)
    assert on_desk(world.user(*committee)) == {"gavel": 1}
    nomination_decide(nomination=fresh(nomination), actor=world.user(*committee), approve=True)
    assert on_desk(world.user(*committee)) == {}
    assert on_desk(world.user(*staff)) == {"speakerphone": 1}
    award_announce(batch=batch, actor=world.user(*staff))
    assert on_desk(world.user(*staff)) == on_desk(world.user("member", "east_one")) == {}


@pytest.mark.django_db
def test_who_has_nominated_nobody_is_reminded_a_week_before(world: World, batch: AwardBatch) -> None:
    names = {user.pk: key for key, user in world.users.items()}

    def reminded(day: dt.date) -> set[str]:
        return {names[due.user_id] for due in reminders.get("awards.nominate").due(day)}

    everybody = {f"secretary@{key}" for key in world.members} | {f"staff@{key}" for key in ("root", "east", "west")}
    assert reminded(DAY + dt.timedelta(days=13)) == set()
    assert reminded(DAY + dt.timedelta(days=14)) == everybody
    nominated(world, batch, world.members["east_one"][1])
    assert reminded(DAY + dt.timedelta(days=20)) == everybody - {"secretary@east_one"}
    assert reminded(DAY + dt.timedelta(days=21)) == set()


@pytest.mark.django_db
def test_an_organization_honoured_shows_on_its_page_and_none_of_its_members(world: World, batch: AwardBatch) -> None:
    organization = world.orgs["east_one"]
    announced(
        world, batch, nominated(world, batch, organization, kind="advanced_organization"),
        nominated(world, batch, world.members["east_one"][1]),
    )  # fmt: skip
    viewer = world.user("staff", "east")
    shown = [entry.label for entry in organization_timeline(organization, viewer) if entry.icon == "trophy"]
    assert shown == ["先进基层党组织"]
