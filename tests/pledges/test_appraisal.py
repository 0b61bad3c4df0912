"""评诺: who judges whom, many at once, what the masses say, and where the result goes by itself."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Paper
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign, StageAction
from campaign.scoring.engine import figures_of
from campaign.scoring.registry import metrics
from campaign.scoring.roll import Extent
from orgs.timeline import sources
from pledges import services
from pledges.models import AppraisalKind, ItemResult, Pledge, PledgeAppraisal, PledgeState
from pledges.registry import opinions_on
from pledges.selectors import appraisable, kept_record, to_appraise
from pledges.services import Judgement
from reviews.selectors.rounds import valid_results
from reviews.services import round_close, round_create, round_open, round_publish, vote_cast
from tests.pledges.conftest import NOW, item, published
from tests.pledges.test_pages import text_of
from tests.world import World

Browser = Callable[[str], Client]
LATER = clock.start_of(dt.date(2026, 7, 2))


def three(world: World, campaign: Campaign) -> list[Pledge]:
    who = ("member@east_one", "member2@east_one", "member3@east_one")
    return [published(world, campaign, each, item(), item("学徒带教", due_on=dt.date(2026, 5, 1)), by="secretary@east_one")
            for each in who]  # fmt: skip


def test_colleagues_judge_and_the_organization_decides(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = three(world, campaign)[0]
    first = pledge.items.order_by("order")[0]
    colleague = browser("member2@east_one")
    assert "李秀英" in text_of(colleague.get(reverse("pledge_peers")))
    form = {"version": pledge.version, f"item{first.pk}-result": "basic"}
    assert colleague.post(reverse("pledge_appraise_peer", args=[pledge.pk]), form).status_code == 302
    appraisal = PledgeAppraisal.objects.get()
    assert (appraisal.kind, appraisal.result, appraisal.mark) == (AppraisalKind.PEER, "basic", None)
    first.refresh_from_db()
    assert (first.result, first.mark) == ("pending", None)
    assert AuditEntry.objects.of(pledge).first().action == "pledge_appraise_peer"  # type: ignore[union-attr]
    shown = text_of(browser("secretary@east_one").get(reverse("pledge_appraise", args=[pledge.pk])))
    assert "同志互评" in shown


def test_a_colleague_does_not_read_what_others_said_before_judging(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    pledge = three(world, campaign)[0]
    first = pledge.items.order_by("order")[0]
    services.item_appraise(
        item=first, actor=world.user("member2", "east_one"), kind="peer", result="unfulfilled", text="没看到结果"
    )
    services.item_appraise(item=first, actor=world.user("secretary", "east_one"), result="basic", mark=8_765)
    page = text_of(browser("member3@east_one").get(reverse("pledge_appraise_peer", args=[pledge.pk])))
    assert "没看到结果" not in page
    assert "87.65" not in page  # marks are for oneself and the officers (2-domain (e), masking)
    assert "87.65" in text_of(browser("member@east_one").get(reverse("pledge_detail", args=[pledge.pk])))


def test_who_judges_whom(world: World, campaign: Campaign) -> None:
    pledge = three(world, campaign)[0]
    organization = published(world, campaign, "secretary@east_one", org="east_one", by="staff@east")
    may = {
        (kind, who, which): appraisable(world.user(*who.split("@")), kind).filter(pk=each.pk).exists()
        for kind in AppraisalKind
        for who in ("member@east_one", "member2@east_one", "member@east_two", "secretary@east_one", "staff@east")
        for which, each in (("member", pledge), ("organization", organization))
    }
    assert {case for case, allowed in may.items() if allowed} == {
        ("self", "member@east_one", "member"),
        ("self", "secretary@east_one", "member"),
        ("self", "secretary@east_one", "organization"),
        ("peer", "member2@east_one", "member"),
        ("peer", "secretary@east_one", "member"),
        ("organization", "secretary@east_one", "member"),
        ("organization", "staff@east", "organization"),
    }


def test_nobody_judges_after_the_deadline_of_the_stage(world: World, campaign: Campaign) -> None:
    pledge = three(world, campaign)[0]
    StageAction.objects.filter(action="appraise").delete()
    for kind, who in (("self", "member"), ("peer", "member2"), ("organization", "secretary")):
        with pytest.raises(DomainError):
            services.item_appraise(
                item=pledge.items.first(), actor=world.user(who, "east_one"), kind=kind, result="fulfilled"  # type: ignore[arg-type]
            )  # fmt: skip
    with pytest.raises(DomainError):
        services.items_appraise_many(
            actor=world.user("secretary", "east_one"), judgements={pledge.items.first().pk: Judgement("fulfilled")}  # type: ignore[union-attr]
        )  # fmt: skip
    assert not PledgeAppraisal.objects.exists()


def test_many_are_judged_on_one_page(world: World, campaign: Campaign, browser: Browser) -> None:
    pledges = three(world, campaign)
    with clock.at(LATER):
        client, url = browser("secretary@east_one"), reverse("pledge_appraise_many")
        due = list(to_appraise(world.user("secretary", "east_one")))
        assert len(due) == 6
        form: dict[str, Any] = {"item": [each.pk for each in due]}
        form |= {f"item{each.pk}-result": "fulfilled" for each in due[:5]}
        form[f"item{due[5].pk}-result"] = "unfulfilled"
        refused = text_of(client.post(url, form))
        assert "说明" in refused
        assert not PledgeAppraisal.objects.exists()  # all or nothing, and what was chosen is still chosen
        assert refused.count("checked") == 6
        form[f"item{due[5].pk}-text"] = "设备未到"
        assert client.post(url, form).status_code == 302
    assert {pledge.state for pledge in Pledge.objects.filter(pk__in=pledges_ids(pledges))} == {PledgeState.APPRAISED}
    assert PledgeAppraisal.objects.count() == 6


def pledges_ids(pledges: list[Pledge]) -> list[int]:
    return [pledge.pk for pledge in pledges]


def test_many_cost_a_constant_number_of_statements(world: World, campaign: Campaign) -> None:
    pledges = three(world, campaign)

    def judge(chosen: list[Pledge]) -> int:
        judgements = {each.pk: Judgement("fulfilled") for pledge in chosen for each in pledge.items.all()}
        secretary = world.user("secretary", "east_one")
        with CaptureQueriesContext(connection) as queries:
            assert services.items_appraise_many(actor=secretary, judgements=judgements) == len(judgements)
        return len(queries)

    with clock.at(LATER):
        assert judge(pledges[:1]) == judge(pledges[1:])


def test_of_many_none_is_judged_when_one_may_not_be(world: World, campaign: Campaign) -> None:
    pledges, secretary = three(world, campaign), world.user("secretary", "east_one")
    foreign = published(world, campaign, "member@east_two", by="secretary@east_two")
    mine = pledges[0].items.first()
    assert mine is not None
    judgements = {mine.pk: Judgement("fulfilled"), foreign.items.get().pk: Judgement("fulfilled")}
    with pytest.raises(NotAllowed):
        services.items_appraise_many(actor=secretary, judgements=judgements)
    services.item_appraise(item=mine, actor=secretary, result="basic")
    with pytest.raises(StateConflict):  # someone was faster
        services.items_appraise_many(actor=secretary, judgements={mine.pk: Judgement("fulfilled")})
    mine.refresh_from_db()
    assert mine.result == ItemResult.BASIC


def test_the_result_goes_to_the_scores_and_the_record_by_itself(world: World, campaign: Campaign) -> None:
    pledge = three(world, campaign)[0]
    period = campaign.periods.get(code="2026H1")
    member = world.members["east_one"][1]

    def figure(key: str) -> tuple[int, int] | None:
        extent = Extent(period, world.orgs["root"].path, clock.now())
        return figures_of(metrics.get(key), extent, Audience.MEMBER).get(member.pk)

    with clock.at(LATER):
        assert figure("pledges.mark") is None
        first, second = pledge.items.order_by("order")
        services.items_appraise(
            pledge=pledge,
            actor=world.user("secretary", "east_one"),
            judgements={first.pk: Judgement("fulfilled"), second.pk: Judgement("unfulfilled", text="设备未到")},
        )
    with clock.at(LATER + dt.timedelta(minutes=1)):
        assert figure("pledges.fulfilment") == (1, 2)
        assert figure("pledges.mark") == (10_000, 200)
        record = sources.get("pledges").of_member(member, world.user("secretary", "east_one"))
    assert [(str(entry.label), entry.text) for entry in record] == [("公开承诺", "2026 · 已评诺 · 兑现1/2项")]


def opinion_round(world: World, campaign: Campaign, voters: int) -> None:
    """Let so many colleagues of the branch say how the pledges were kept, and publish it."""
    staff = world.user("staff", "east")
    held = round_create(
        actor=staff, campaign=campaign, organization=world.orgs["east"], name="承诺兑现群众评议", template="pledge_member",
        scheme="together", subjects=[world.orgs["east_one"]], opens_at=NOW, closes_at=NOW + dt.timedelta(days=3),
    )  # fmt: skip
    held = round_open(evaluation_round=held, actor=staff)
    papers = Paper.objects.filter(ballot=held.ballot).select_related("voter", "ballot").order_by("pk")
    with clock.at(NOW + dt.timedelta(hours=1)):
        for paper in papers[:voters]:
            vote_cast(paper=paper, voter=paper.voter, answers={pk: [0] for pk, _name in paper.sheet.subjects})
    held = round_close(evaluation_round=held, actor=staff, reason="提前结束")
    round_publish(evaluation_round=held, actor=staff)


def test_what_the_masses_say_stands_beside_as_counts(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = three(world, campaign)[0]
    secretary = world.user("secretary", "east_one")
    assert opinions_on(pledge, secretary) == []
    opinion_round(world, campaign, voters=6)
    (opinion,) = opinions_on(pledge, secretary)
    assert opinion.valid == 5  # the six of the branch without the person judged
    assert dict(opinion.counts) == {"已兑现": 5, "基本兑现": 0, "未兑现": 0, "弃权": 0}
    page = text_of(browser("secretary@east_one").get(reverse("pledge_appraise", args=[pledge.pk])))
    assert "承诺兑现群众评议" in page
    assert not valid_results("member").exists()  # type: ignore[arg-type]  # an opinion on a pledge is no evaluation of the person
    pledge.items.first().refresh_from_db()  # type: ignore[union-attr]
    assert pledge.items.first().result == "pending"  # type: ignore[union-attr]  # counts advise, the organization decides


def test_fewer_than_k_ballots_show_nothing(world: World, campaign: Campaign) -> None:
    pledge = three(world, campaign)[0]
    opinion_round(world, campaign, voters=4)
    shown = opinions_on(pledge, world.user("secretary", "east_one"))
    assert all(opinion.counts == () for opinion in shown)


def test_awards_see_what_became_of_the_pledges(world: World, campaign: Campaign) -> None:
    pledge, member = three(world, campaign)[0], world.members["east_one"][1]
    east_one = world.orgs["east_one"]
    unjudged = {"year": 2026, "items": 2, "kept": 0, "unfulfilled": 0, "adjusted": 0}
    assert kept_record(member=member, organization=east_one) == [unjudged]
    services.item_appraise(item=pledge.items.first(), actor=world.user("secretary", "east_one"), result="basic")  # type: ignore[arg-type]
    assert kept_record(member=member, organization=east_one) == [{**unjudged, "kept": 1}]
    assert kept_record(member=None, organization=east_one) == []  # that of the branch itself is another
