"""Setting up a round for many subjects at once, step by step, and beginning one from a former round."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.audit.models import AuditEntry
from campaign.ballots import selectors as ballots
from campaign.ballots.models import Ballot, Batch, Paper, Subject
from campaign.ballots.services import ChoicePlan, ClassPlan, ItemPlan
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.drafts.models import Draft
from campaign.drafts.services import draft_save
from campaign.models import Campaign, Standard
from campaign.notices.models import Notice
from orgs.models import Member, User
from orgs.models.workers import HeadCount, Worker
from reviews.choosing import CHOSEN, Choosing
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.services import rounds as services
from reviews.services import setting_up
from tests.reviews.pages import as_, text
from tests.reviews.rounds import STAGE, planned, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def begun(world: World, at: str = "east", **options: Any) -> EvaluationRound:
    given: dict[str, Any] = {
        "actor": world.user("staff", at),
        "campaign": Campaign.objects.first() or world.campaign(),
        "organization": world.orgs[at],
        "name": "年终群众评议",
        "template": "organization",
        "opens_at": clock.now(),
        "closes_at": clock.now() + dt.timedelta(days=7),
        **options,
    }
    return setting_up.round_begin(**given)


def chosen(world: World, found: EvaluationRound, at: str = "east", **rule: Any) -> list[str]:
    setting_up.round_subjects_set(
        evaluation_round=found, actor=world.user("staff", at), version=found.version, choosing=Choosing(**rule)
    )
    return list(found.ballot.subjects.order_by("pk").values_list("name", flat=True))


def begin_form(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "name": "年度群众评议",
        "campaign": (Campaign.objects.first() or world.campaign()).pk,
        "organization": world.orgs["east"].pk,
        "template": "organization",
        "opens_at": "2026-11-02T08:00",
        "closes_at": "2026-11-09T18:00",
        "scope": "units",
        **changes,
    }


def rows(prefix: str, *given: dict[str, Any]) -> dict[str, Any]:
    fields = {f"{prefix}-{place}-{name}": value for place, row in enumerate(given) for name, value in row.items()}
    return {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": 0, **fields}


def together() -> dict[str, Any]:
    return rows("classes", {"key": "all", "name": "全体参评人员", "weight": "100", "source": "everybody"})


# ---- in the browser ----


def test_a_round_is_set_up_step_by_step_and_opened(world: World) -> None:
    world.campaign()
    staff = as_(world.user("staff", "east"))
    assert staff.get(reverse("round_create")).status_code == 200
    answer = staff.post(reverse("round_create"), begin_form(world))
    held = EvaluationRound.objects.get()
    assert answer["Location"] == reverse("round_subjects", args=[held.pk])
    given = {"version": 1, "which": "rule", "types": ["branch"]}
    assert staff.post(answer["Location"], given)["Location"] == reverse("round_questions", args=[held.pk])
    assert held.ballot.subjects.count() == 2
    page = staff.get(reverse("round_questions", args=[held.pk]))
    assert text(page).count("开展创先争优活动的总体情况") == 1
    standard = Standard.objects.filter(audience="organization", parent__isnull=False).first()
    assert standard is not None
    given = {
        "version": 2,
        **rows("items", {"text": "总体评价", "weight": 2, "standard": standard.pk}, {"text": "为民服务", "weight": 1}),
        **rows("choices", {"label": "满意", "worth": 100, "is_satisfied": "on"}, {"label": "不满意", "worth": 0}),
        **rows("bands", {"name": "合格", "edge": "60.5"}, {"name": "不合格", "edge": "0"}),
    }
    assert staff.post(reverse("round_questions", args=[held.pk]), given)["Location"] == reverse(
        "round_raters", args=[held.pk]
    )
    assert list(held.ballot.items.values_list("text", "weight", "standard")) == [
        ("总体评价", 2, standard.pk),
        ("为民服务", 1, None),
    ]
    given = {"version": 3, "minimum_turnout": "60", **together()}
    staff.post(reverse("round_raters", args=[held.pk]), given)
    held = EvaluationRound.objects.select_related("ballot").get()
    assert held.bands == [[6050, "合格"], [0, "不合格"]]
    assert (held.ballot.minimum_turnout, Paper.objects.count()) == (6000, 12)
    assert "已准备就绪" in text(staff.get(reverse("round_detail", args=[held.pk])))
    staff.post(reverse("round_step", args=[held.pk, "round_open"]))
    held.refresh_from_db()
    assert held.state == RoundState.OPEN
    assert Notice.objects.filter(rule="rounds.told").count() == 12
    for name in ("basics", "subjects", "questions", "raters"):
        assert staff.get(reverse(f"round_{name}", args=[held.pk]))["Location"] == reverse(
            "round_detail", args=[held.pk]
        )
    for voter in voters(held):
        vote(held, voter)
    staff.post(reverse("round_step", args=[held.pk, "round_close"]))
    held.refresh_from_db()
    assert held.state == RoundState.OPEN  # it has not ended, and no reason was given
    staff.post(reverse("round_step", args=[held.pk, "round_close"]), {"reason": "全部投完"})
    staff.post(reverse("round_step", args=[held.pk, "round_publish"]), {"reason": "11月5日党委会研究决定"})
    held.refresh_from_db()
    assert (held.is_published, held.decision) == (True, "11月5日党委会研究决定")
    assert staff.post(reverse("round_step", args=[held.pk, "nothing"])).status_code == 404


def test_the_first_step_says_what_is_wrong_and_keeps_what_was_typed(world: World) -> None:
    staff = as_(world.user("staff", "east"))
    answer = staff.post(reverse("round_create"), begin_form(world, closes_at="2026-11-01T08:00"))
    assert answer.status_code == 200
    assert "结束时间必须晚于开始时间" in text(answer)
    assert 'value="年度群众评议"' in text(answer)
    assert not EvaluationRound.objects.exists()


def test_what_is_typed_and_not_stored_stands_there_again(world: World) -> None:
    user = world.user("staff", "east")
    held = begun(world)
    draft_save(user=user, key="round_new:0", fields=[["name", "写到一半"], ["opens_at", "2026-11-03T09:00"]])
    fields = {"version": "1", **rows("items", {"text": "没有存下的问题", "weight": "1", "standard": ""})}
    draft_save(user=user, key=f"round_questions:{held.pk}", fields=[[k, str(v)] for k, v in fields.items()])
    staff = as_(user)
    assert 'value="写到一半"' in text(staff.get(reverse("round_create")))
    page = text(staff.get(reverse("round_questions", args=[held.pk])))
    assert "没有存下的问题" in page
    assert "开展创先争优活动的总体情况" not in page
    staff.post(reverse("round_questions", args=[held.pk]), {"op": "discard"})
    assert "没有存下的问题" not in text(staff.get(reverse("round_questions", args=[held.pk])))
    staff.post(reverse("round_create"), begin_form(world))
    assert not Draft.objects.filter(user=user).exists()
    address = reverse("round_raters", args=[held.pk])
    typed = {"version": "1", "minimum_turnout": "66.5", **together(), "classes-0-name": "写到一半的类别"}
    draft_save(user=user, key=f"round_raters:{held.pk}", fields=[[k, str(v)] for k, v in typed.items()])
    page = text(staff.get(address))
    assert "写到一半的类别" in page
    assert 'value="66.5"' in page
    staff.post(address, {**typed, "classes-0-name": "全体"})
    assert not Draft.objects.filter(user=user).exists()


def test_rows_are_added_and_taken_out_without_losing_the_others(world: World) -> None:
    held = begun(world)
    staff, url = as_(world.user("staff", "east")), reverse("round_questions", args=[held.pk])
    given = {
        "version": 1,
        **rows("items", {"text": "甲", "weight": 1}, {"text": "乙", "weight": 3}),
        **rows("choices", {"label": "好", "worth": 100}, {"label": "差", "worth": 0}),
        **rows("bands", {"name": "合格", "edge": "0"}),
    }
    added = staff.post(url, {**given, "op": "add:items"}).context["lists"]
    assert [row.initial.get("text") for row in added["items"]] == ["甲", "乙", None]
    removed = staff.post(url, {**given, "op": "remove:items:0"}).context["lists"]
    assert [row.initial["text"] for row in removed["items"]] == ["乙"]
    taken = staff.post(url, {**given, "op": "template:organization"}).context["lists"]
    assert len(taken["items"].forms) == 5
    foreign = staff.post(url, {**given, "op": "template:member"}).context["lists"]
    assert foreign["items"].forms[0].initial["text"] == "开展创先争优活动的总体情况"
    assert held.ballot.items.count() == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (rows("items", {"text": "", "weight": 1}), "请填写"),
        (rows("choices", {"label": "好", "worth": 100}), "至少需要两个"),
        (rows("choices", {"label": "好", "worth": 100}, {"label": "好", "worth": 0}), "至少需要两个"),
        (rows("bands", {"name": "合格", "edge": "60"}), "最低一档从0分起"),
        (
            rows("bands", {"name": "甲", "edge": "60"}, {"name": "乙", "edge": "80"}, {"name": "丙", "edge": "0"}),
            "逐档降低",
        ),
    ],
)
def test_a_questionnaire_with_a_fault_is_not_stored(world: World, changes: dict[str, Any], said: str) -> None:
    held = begun(world)
    given = {
        "version": 1,
        **rows("items", {"text": "甲", "weight": 1}),
        **rows("choices", {"label": "好", "worth": 100}, {"label": "差", "worth": 0}),
        **rows("bands", {"name": "合格", "edge": "0"}),
        **changes,
    }
    answer = as_(world.user("staff", "east")).post(reverse("round_questions", args=[held.pk]), given)
    assert answer.status_code == 200
    assert said in text(answer)
    assert held.ballot.items.count() == 5


def test_two_people_do_not_overwrite_each_other(world: World) -> None:
    held = begun(world)
    chosen(world, held)
    with pytest.raises(EditConflict):
        setting_up.round_subjects_set(
            evaluation_round=held, actor=world.user("staff", "east"), version=1, choosing=Choosing()
        )
    staff = as_(world.user("staff", "east"))
    url = reverse("round_subjects", args=[held.pk])
    answer = staff.post(url, {"version": 1, "which": "rule"})
    assert answer.status_code == 200
    assert answer.context["form"].refusal
    assert f'value="{held.version}"' in text(answer)


# ---- who is evaluated ----


def test_subjects_are_chosen_by_rule(world: World) -> None:
    held = begun(world, at="root")
    branches = [world.orgs[key].name for key in ("east_one", "east_two", "west_one", "west_two")]
    assert chosen(world, held, "root") == branches
    assert chosen(world, held, "root", below=(world.orgs["west"].pk,)) == branches[2:]
    assert chosen(world, held, "root", types=("committee",)) == [world.orgs[k].name for k in ("root", "east", "west")]
    type(world.orgs["east_one"]).objects.filter(pk=world.orgs["east_one"].pk).update(category="innovation")
    assert chosen(world, held, "root", categories=("innovation",)) == branches[:1]
    one_by_one = {"which": CHOSEN, "chosen": (world.orgs["west_two"].pk, world.orgs["east_one"].pk)}
    assert chosen(world, held, "root", **one_by_one) == [branches[0], branches[3]]
    assert Choosing.of(EvaluationRound.objects.get().chosen_by).which == CHOSEN
    assert Paper.objects.count() == 12


def test_nobody_chosen_is_refused_and_nothing_changes(world: World) -> None:
    held = begun(world)
    chosen(world, held)
    for rule in ({"types": ("cell",)}, {"which": CHOSEN, "chosen": (world.orgs["west_one"].pk,)}):
        with pytest.raises(DomainError):
            chosen(world, held, **rule)
    assert held.ballot.subjects.count() == 2


def test_secretaries_are_rated_by_the_members_of_their_branches(world: World) -> None:
    held = begun(world, template="secretary_appraisal", scheme="together")
    assert chosen(world, held, posts=("secretary",)) == [world.members[k][0].name for k in ("east_one", "east_two")]
    assert set(held.ballot.subjects.values_list("audience", flat=True)) == {"member"}
    # Ten members; the two secretaries rate nobody, being the only ones on their own paper.
    assert Paper.objects.count() == 10
    assert held.bands[0] == [9000, "好"]


def test_setting_up_many_units_takes_a_constant_number_of_statements(world: World) -> None:
    held = begun(world, at="root", scheme="together")
    found = []
    chosen(world, held, "root")  # from now on there is something to take away
    for keys in (("east_one",), ("east_one", "east_two", "west_one")):
        ids = tuple(world.orgs[key].pk for key in keys)
        with CaptureQueriesContext(connection) as captured:
            chosen(world, held, "root", which=CHOSEN, chosen=ids)
        found.append(len(captured))
    assert found[0] == found[1]


# ---- who rates ----


def raters_set(world: World, held: EvaluationRound, sources: dict[str, str], at: str = "east") -> None:
    share = 10_000 // len(sources)
    weights = [share] * (len(sources) - 1)
    classes = [
        ClassPlan(key, f"{key}票", weight)
        for key, weight in zip(sources, [*weights, 10_000 - sum(weights)], strict=True)
    ]
    setting_up.round_raters_set(
        evaluation_round=held, actor=world.user("staff", at), version=held.version, classes=classes,
        electorate=sources, minimum_turnout=5000, leave_out_empty=True,
    )  # fmt: skip


def papers(held: EvaluationRound) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in Paper.objects.filter(ballot=held.ballot).values_list("rater_class__key", flat=True):
        found[key] = found.get(key, 0) + 1
    return found


def test_classes_take_their_raters_from_where_they_are_told(world: World) -> None:
    held = begun(world)
    chosen(world, held)
    assert papers(held) == {"A": 2, "B": 10}
    raters_set(world, held, {"all": "everybody"})
    assert papers(held) == {"all": 12}
    raters_set(world, held, {"S": "superiors", "M": "members"})
    assert papers(held) == {"S": 1, "M": 10}
    leader = Paper.objects.select_related("ballot").get(rater_class__key="S")
    assert leader.voter == world.user("leader", "east")
    assert len(leader.sheet.subjects) == 2
    assert held.electorate == {"S": "superiors", "M": "members"}


def test_workers_are_rated_by_head_count_and_numbers_that_were_set_stay(world: World) -> None:
    one, two = world.orgs["east_one"], world.orgs["east_two"]
    HeadCount.objects.create(organization=one, workers=30)
    for n in range(8):
        Worker.objects.create(organization=two, name=f"职工{n}", is_representative=n < 5)
    held = begun(world)
    chosen(world, held)
    slips = list(held.ballot.batches.values_list("organization", "rater_class__key", "channel", "count"))
    assert slips == [(one.pk, "C", "slip", 30), (two.pk, "C", "slip", 5)]
    assert ballots.entitled(held.ballot).total() == 12 + 35
    assert not ballots.classes_without_raters(held.ballot)
    raters_set(world, held, {"all": "everybody", "C": "on_paper"})
    sheets = list(held.ballot.batches.values_list("organization", "channel", "count"))
    assert sheets == [(one.pk, "paper", 30), (two.pk, "paper", 5)]
    assert not ballots.classes_without_raters(held.ballot)
    raters_set(world, held, {"all": "everybody", "C": "workers"})
    Batch.objects.filter(organization=one).update(count=12)
    setting_up.round_roll(evaluation_round=held, actor=world.user("staff", "east"))
    assert list(held.ballot.batches.values_list("channel", "count")) == [("slip", 12), ("slip", 5)]
    Batch.objects.filter(organization=one).update(printed_at=clock.now(), cipher="")
    with pytest.raises(DomainError, match="打印"):
        setting_up.round_roll(evaluation_round=held, actor=world.user("staff", "east"))


@pytest.mark.parametrize("sources", [{"A": "members", "B": "members"}, {"A": "leading"}])
def test_weights_and_raters_of_classes_must_fit(world: World, sources: dict[str, str]) -> None:
    held = begun(world)
    chosen(world, held)
    with pytest.raises(DomainError):
        setting_up.round_raters_set(
            evaluation_round=held, actor=world.user("staff", "east"), version=held.version,
            classes=[ClassPlan(key, key, 4000) for key in sources], electorate=sources, minimum_turnout=5000,
            leave_out_empty=False,
        )  # fmt: skip
    assert held.ballot.classes.count() == 3


def test_the_roll_is_made_anew_when_people_came(world: World) -> None:
    held = planned(world)
    User.objects.filter(pk=world.user("member", "east_one").pk).update(is_active=False)
    assert Paper.objects.count() == 6
    setting_up.round_roll(evaluation_round=held, actor=world.user("staff", "east"))
    assert Paper.objects.count() == 5
    with pytest.raises(NotAllowed):
        setting_up.round_roll(evaluation_round=held, actor=world.user("staff", "west"))


# ---- what is too small ----


def test_small_classes_are_counted_together_by_a_button(world: World) -> None:
    held = planned(world, scheme="abc", subjects=("east_one", "east_two"), leave_out_empty=True)
    staff, url = as_(world.user("staff", "east")), reverse("round_raters", args=[held.pk])
    assert "A 票 · 领导班子 · 1人" in text(staff.get(url))
    staff.post(url, {"op": "round_pool_classes"})
    assert set(Subject.objects.values_list("classes_pooled", flat=True)) == {True}
    page = text(staff.get(url))
    assert "A 票 · 领导班子 · 1人" not in page
    assert "2个评议对象的各票类合并统计" in page
    staff.post(url, {"op": "round_unpool"})
    assert set(Subject.objects.values_list("classes_pooled", flat=True)) == {False}
    assert AuditEntry.objects.filter(action="round_update").count() >= 2


def test_units_that_are_too_small_join_their_neighbours(world: World) -> None:
    Member.objects.filter(pk__in=[m.pk for m in world.members["east_one"][3:]]).update(status="left")
    Member.objects.filter(pk__in=[m.pk for m in world.members["east_two"][4:]]).update(status="left")
    held = planned(world, at="root", subjects=("east_one", "east_two", "west_one"))
    staff = as_(world.user("staff", "root"))
    page = text(staff.get(reverse("round_raters", args=[held.pk])))
    assert "合并统计人数较少的单位" in page
    staff.post(reverse("round_raters", args=[held.pk]), {"op": "round_pool_units"})
    groups = Subject.objects.order_by("pk").values_list("organization", "counted_with__organization")
    one, two, west = (world.orgs[key].pk for key in ("east_one", "east_two", "west_one"))
    assert list(groups) == [(one, None), (two, one), (west, None)]
    services.round_open(evaluation_round=held, actor=world.user("staff", "root"))
    for voter in voters(held):
        vote(held, voter, voter.pk % 2)
    services.round_close(evaluation_round=held, actor=world.user("staff", "root"), reason="投完")
    results = list(held.ballot.results.order_by("subject").values_list("total", "returned", "entitled"))
    assert results[0] == results[1]
    assert results[0][1:] == (7, 7)
    assert results[2][1:] == (6, 6)


def test_persons_have_no_neighbours(world: World) -> None:
    held = planned(world, template="member")
    with pytest.raises(DomainError):
        setting_up.round_pool_units(evaluation_round=held, actor=world.user("staff", "east"))


# ---- from a former round ----


def sealed(world: World, only: int | None = None, **options: Any) -> EvaluationRound:
    held = running(world, **options)
    for voter in voters(held)[:only]:
        vote(held, voter)
    actor = world.user("staff", "east")
    services.round_close(evaluation_round=held, actor=actor, reason="投完")
    return EvaluationRound.objects.select_related("ballot", "organization", "campaign").get(pk=held.pk)


def test_a_copy_has_everything_but_the_answers_and_is_compared_with_it(world: World) -> None:
    held = sealed(world, subjects=("east_one", "east_two"))
    type(world.orgs["east_two"]).objects.filter(pk=world.orgs["east_two"].pk).update(is_active=False)
    staff = as_(world.user("staff", "east"))
    answer = staff.post(reverse("round_copy", args=[held.pk]))
    made = EvaluationRound.objects.get(state=RoundState.DRAFT)
    assert answer["Location"] == reverse("round_basics", args=[made.pk])
    assert (made.previous, made.repeats) == (held, None)
    assert list(made.ballot.subjects.values_list("organization", flat=True)) == [world.orgs["east_one"].pk]
    assert list(made.ballot.items.values_list("text", "weight")) == list(
        held.ballot.items.values_list("text", "weight")
    )
    assert made.ballot.closes_at - made.ballot.opens_at == held.ballot.closes_at - held.ballot.opens_at
    assert Paper.objects.filter(ballot=made.ballot, marked=False).count() == 6
    with pytest.raises(NotAllowed):
        setting_up.round_copy(evaluation_round=held, actor=world.user("staff", "west"))


def test_only_those_with_invalid_results_are_evaluated_again(world: World) -> None:
    held = sealed(world, only=8, subjects=("east_one", "east_two"))
    assert sorted(held.ballot.results.values_list("verdict", flat=True)) == ["invalid", "valid"]
    staff = as_(world.user("staff", "east"))
    assert reverse("round_repeat", args=[held.pk]) in text(staff.get(reverse("round_detail", args=[held.pk])))
    staff.post(reverse("round_repeat", args=[held.pk]))
    made = EvaluationRound.objects.get(state=RoundState.DRAFT)
    invalid = held.ballot.subjects.get(result__verdict="invalid")
    assert made.repeats == held
    assert list(made.ballot.subjects.values_list("organization", flat=True)) == [invalid.organization_id]


def test_what_is_valid_is_not_repeated(world: World) -> None:
    held = sealed(world)
    with pytest.raises(DomainError):
        setting_up.round_repeat(evaluation_round=held, actor=world.user("staff", "east"))
    with pytest.raises(StateConflict):
        setting_up.round_repeat(evaluation_round=planned(world), actor=world.user("staff", "east"))


def test_a_round_is_compared_with_the_last_published_one_of_its_kind(world: World) -> None:
    held = sealed(world)
    assert planned(world, closes_at=STAGE + dt.timedelta(days=9)).previous is None
    services.round_publish(evaluation_round=held, actor=world.user("staff", "east"))
    assert planned(world, closes_at=STAGE + dt.timedelta(days=9)).previous == held
    assert planned(world, closes_at=STAGE + dt.timedelta(days=9), template="member").previous is None


# ---- extending and ending ----


def test_extending_needs_a_reason_and_tells_everybody(world: World) -> None:
    held = running(world)
    actor = world.user("staff", "east")
    later = held.ballot.closes_at + dt.timedelta(days=2)
    with pytest.raises(DomainError):
        services.round_extend(evaluation_round=held, actor=actor, closes_at=later, reason=" ")
    with pytest.raises(NotAllowed):
        services.round_extend(
            evaluation_round=held, actor=world.user("staff", "west"), closes_at=later, reason="人员出差"
        )
    page = as_(actor).post(
        reverse("round_extend", args=[held.pk]),
        {"closes_at": f"{timezone.localtime(later):%Y-%m-%dT%H:%M}", "reason": "人员出差"},
    )
    assert page["Location"] == reverse("round_detail", args=[held.pk])
    assert Ballot.objects.get().closes_at == later
    entry = AuditEntry.objects.get(action="round_extend")
    assert entry.reason == "人员出差"
    told = Notice.objects.filter(rule="rounds.told", text__contains="人员出差")
    assert set(told.values_list("user_id", flat=True)) == {voter.pk for voter in voters(held)}
    assert as_(actor).get(reverse("round_extend", args=[planned(world).pk])).status_code == 302


def test_closing_early_needs_a_reason_and_closing_in_time_does_not(world: World) -> None:
    early, late = running(world), running(world)
    actor = world.user("staff", "east")
    with pytest.raises(DomainError):
        services.round_close(evaluation_round=early, actor=actor)
    services.round_close(evaluation_round=early, actor=actor, reason="全部投完")
    assert AuditEntry.objects.get(action="round_close").reason == "全部投完"
    with clock.at(STAGE + dt.timedelta(days=1)):
        services.round_close(evaluation_round=late, actor=actor)


def test_the_evaluated_are_told_when_results_are_published(world: World) -> None:
    held = sealed(world)
    services.round_publish(evaluation_round=held, actor=world.user("staff", "east"), decision="党委会")
    told = Notice.objects.filter(rule="rounds.told", subject__endswith="published")
    assert list(told.values_list("user_id", flat=True)) == [world.user("secretary", "east_one").pk]


def test_cancelling_an_open_round_tells_its_voters(world: World) -> None:
    held = running(world)
    people = {voter.pk for voter in voters(held)}
    services.round_cancel(evaluation_round=held, actor=world.user("staff", "east"), reason="题目有误")
    told = Notice.objects.filter(rule="rounds.told", text__contains="题目有误")
    assert set(told.values_list("user_id", flat=True)) == people


def test_a_large_round_is_opened_and_sealed_in_the_background(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from campaign.jobs.models import Job, JobState
    from reviews import jobs

    monkeypatch.setattr(jobs, "LARGE", 3)
    held = planned(world)
    staff = as_(world.user("staff", "east"))
    answer = staff.post(reverse("round_step", args=[held.pk, "round_open"]))
    job = Job.objects.get(kind="rounds.step")
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    from campaign.jobs.services import job_run

    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    held.refresh_from_db()
    assert (job.state, held.state) == (JobState.SUCCEEDED, RoundState.OPEN)
    with pytest.raises(NotAllowed):
        jobs.check(world.user("staff", "west"), job.parameters)


def test_questions_are_fixed_once_the_round_is_open(world: World) -> None:
    held = running(world)
    with pytest.raises(StateConflict):
        setting_up.round_questions_set(
            evaluation_round=held, actor=world.user("staff", "east"), version=held.version, items=[ItemPlan("新问题")],
            choices=[ChoicePlan("好", 100, True), ChoicePlan("差", 0, False)], bands=[(0, "合格")],
        )  # fmt: skip
