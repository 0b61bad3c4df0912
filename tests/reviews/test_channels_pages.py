"""Votes without an account over HTTP: slips from printing to casting, and ballots on paper from counting to sealing."""

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Batch, Channel, Paper, PaperCount, SealedTally, Tally
from campaign.ballots.slips import code_digest, grouped
from campaign.common import clock
from campaign.common.errors import NotAllowed
from campaign.jobs.models import Job
from orgs.models import HeadCount, Session
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.selectors.channels import units_of
from reviews.services.channels import ballots_plan, slips_print
from reviews.services.rounds import round_open, rounds_close_due
from reviews.views.slips import FAILURES
from tests.reviews.pages import as_, text
from tests.reviews.rounds import STAGE, planned, vote, voters
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_stage() -> Iterator[None]:
    cache.clear()
    with clock.at(STAGE):
        yield
    cache.clear()


def with_workers(world: World, channel: Channel, **options: Any) -> EvaluationRound:
    """Set up a round on one branch with six workers of its head count."""
    HeadCount.objects.get_or_create(organization=world.orgs["east_one"], defaults={"workers": 6})
    held = planned(world, **options)
    numbers = {unit.organization.pk: unit.workers for unit in units_of(held)}
    ballots_plan(evaluation_round=held, actor=world.user("staff", "east"), channel=channel, key="all", numbers=numbers)
    return held


def with_slips(world: World, **options: Any) -> tuple[EvaluationRound, list[str]]:
    """Open a round with six slips; returns it with their codes."""
    held, staff = with_workers(world, Channel.SLIP, **options), world.user("staff", "east")
    (codes,) = slips_print(
        evaluation_round=held, batches=list(Batch.objects.filter(ballot=held.pk)), actor=staff
    ).values()
    return round_open(evaluation_round=held, actor=staff), codes


def answers(held: EvaluationRound, choice: int = 0) -> dict[str, str]:
    items = range(held.ballot.items.count())
    return {
        f"s{pk}q{place}": str(choice) for pk in held.ballot.subjects.values_list("pk", flat=True) for place in items
    }


# ---- slips ----


def test_slips_from_preparing_to_the_last_vote(world: World) -> None:
    HeadCount.objects.create(organization=world.orgs["east_one"], workers=6)
    held, staff = planned(world), as_(world.user("staff", "east"))
    url = reverse("round_channels", args=[held.pk])
    assert url in text(staff.get(reverse("round_detail", args=[held.pk])))
    assert "尚未准备" in text(staff.get(url))
    assert staff.post(url, {"channel": "slip", "key": "all", "whom": "all"}).status_code == 302
    assert Paper.objects.filter(batch__isnull=False).count() == 6
    page = text(staff.get(url))
    assert "未打印" in page
    printed = staff.post(reverse("slips_print", args=[held.pk]))
    assert "no-store" in printed["Cache-Control"]
    codes = [code for code in text(printed).split('ballot-slip-code">') if code[4:5] == "-"]
    codes = [code[:19] for code in codes]
    assert len(set(codes)) == 6
    assert text(printed).count("data:image/svg+xml") == 6
    again = staff.post(reverse("slips_print", args=[held.pk]), follow=True)
    assert not any(code in text(again) for code in codes)
    staff.post(reverse("round_step", args=[held.pk, "round_open"]))
    for code in codes:
        worker = Client()
        paper = worker.post(reverse("slip_enter"), {"code": code.lower()})
        assert "不能修改" in text(paper)
        done = worker.post(reverse("slip_vote"), {"code": code, **answers(held)})
        assert done["Location"] == reverse("slip_done")
    for voter in voters(held):
        vote(held, voter)
    staff.post(reverse("round_step", args=[held.pk, "round_close"]), {"reason": "已全部投票"})
    assert SealedTally.objects.get().counts == [12, 0, 0, 0, 0] * 5
    assert "100.00" in text(staff.get(reverse("round_results", args=[held.pk])))


def test_a_slip_is_good_once(world: World) -> None:
    held, codes = with_slips(world)
    worker = Client()
    data = {"code": codes[0], **answers(held, 1)}
    assert worker.post(reverse("slip_vote"), data).status_code == 302
    before = list(Tally.objects.values_list("counts", flat=True))
    again = worker.post(reverse("slip_vote"), data)
    assert again.status_code == 409
    assert "无效或已使用" in text(again)
    assert "无效或已使用" in text(worker.post(reverse("slip_enter"), {"code": codes[0]}))
    assert list(Tally.objects.values_list("counts", flat=True)) == before


def test_a_gap_comes_back_with_the_code_and_what_was_chosen(world: World) -> None:
    held, codes = with_slips(world)
    data = {"code": codes[0], **answers(held, 1)}
    del data[max(key for key in data if key != "code")]
    page = Client().post(reverse("slip_vote"), data)
    assert page.status_code == 200
    assert "还没有计票" in text(page)
    assert text(page).count(" checked") == 4
    assert f'name="code" value="{codes[0]}"' in text(page)
    assert not Paper.objects.filter(marked=True).exists()


def test_a_scanner_may_type_the_whole_address(world: World) -> None:
    _held, codes = with_slips(world)
    page = Client().post(reverse("slip_enter"), {"code": f"http://testserver{reverse('slip_enter')}#{codes[0]}"})
    assert "提交测评票" in text(page)


def test_a_terminal_stays_one(world: World) -> None:
    held, codes = with_slips(world)
    start = f"{reverse('slip_enter')}?terminal=1"
    terminal = Client()
    assert 'name="terminal"' in text(terminal.get(start))
    page = terminal.post(reverse("slip_enter"), {"code": codes[0], "terminal": "1"})
    assert f'data-terminal="{start}"' in text(page)
    done = terminal.post(reverse("slip_vote"), {"code": codes[0], "terminal": "1", **answers(held)}, follow=True)
    assert done.redirect_chain[-1][0] == f"{reverse('slip_done')}?terminal=1"
    assert start in text(done)
    assert codes[0] not in text(done)


def test_guessing_stops_one_browser_and_no_other(world: World) -> None:
    _held, codes = with_slips(world)
    guesser, neighbour = Client(), Client()
    guesser.cookies["csrftoken"], neighbour.cookies["csrftoken"] = "a" * 32, "b" * 32
    for _place in range(FAILURES):
        assert "无效或已使用" in text(guesser.post(reverse("slip_enter"), {"code": "ABCD-EFGH-JKLM-NPQR"}))
    assert "15分钟" in text(guesser.post(reverse("slip_enter"), {"code": codes[0]}))
    assert "提交测评票" in text(neighbour.post(reverse("slip_enter"), {"code": codes[0]}))


def test_after_a_slip_nothing_speaks_of_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Logs, audit rows, sessions, cache, cookies and jobs, searched for the code and for the vote."""
    held, codes = with_slips(world)
    worker = Client()
    entries, jobs, sessions = AuditEntry.objects.count(), Job.objects.count(), Session.objects.count()
    with caplog.at_level(logging.DEBUG):
        worker.get(reverse("slip_enter"))
        worker.post(reverse("slip_enter"), {"code": codes[0]})
        done = worker.post(reverse("slip_vote"), {"code": codes[0], **answers(held, 2)}, follow=True)
    assert Paper.objects.get(marked=True).digest == code_digest(codes[0])
    assert (AuditEntry.objects.count(), Job.objects.count(), Session.objects.count()) == (entries, jobs, sessions)
    told = "\n".join(record.getMessage() for record in caplog.records) + str(dict(worker.cookies))
    for secret in (codes[0], grouped(codes[0]), code_digest(codes[0])):
        assert secret not in told
        assert secret not in text(done)
        assert secret not in "".join(url for url, _status in done.redirect_chain)
    assert "sessionid" not in worker.cookies
    from tests.reviews.test_rounds_pages import cached

    assert not cached()


def test_making_anew_blocking_and_exchanging_in_the_browser(world: World) -> None:
    held, staff = with_workers(world, Channel.SLIP), as_(world.user("staff", "east"))
    batch = Batch.objects.get()
    staff.post(reverse("slips_print", args=[held.pk]), {"batch": batch.pk})
    renew = reverse("slips_renew", args=[held.pk, batch.pk])
    assert "请填写" in text(staff.post(renew, follow=True)) or Batch.objects.get().cipher == ""
    staff.post(renew, {"reason": "打印机卡纸"})
    assert AuditEntry.objects.get(action="slips_renew").reason == "打印机卡纸"
    (codes,) = slips_print(
        evaluation_round=held, batches=list(Batch.objects.all()), actor=world.user("staff", "east")
    ).values()
    staff.post(reverse("round_step", args=[held.pk, "round_open"]))
    exchanged = text(staff.post(reverse("slip_exchange", args=[held.pk]), {"code": codes[0]}))
    fresh = exchanged.partition('ballot-slip-code">')[2][:19]
    assert Client().post(reverse("slip_vote"), {"code": fresh, **answers(held)}).status_code == 302
    assert "无效或已使用" in text(staff.post(reverse("slip_exchange", args=[held.pk]), {"code": fresh}))
    staff.post(reverse("slips_block", args=[held.pk, batch.pk]), {"reason": "整包遗失"})
    assert Client().post(reverse("slip_vote"), {"code": codes[1], **answers(held)}).status_code == 409
    assert "已停用" in text(staff.get(reverse("round_channels", args=[held.pk])))
    noted = repr(list(AuditEntry.objects.values_list("changes", "reason")))
    assert not any(code in noted or grouped(code) in noted for code in (*codes, fresh))


def test_units_count_each_worker_once(world: World) -> None:
    for place, workers in (("east", 4), ("east_one", 6), ("east_two", 5)):
        HeadCount.objects.create(organization=world.orgs[place], workers=workers)
    held = planned(world, subjects=("east", "east_one"))
    found = {unit.organization.pk: unit.workers for unit in units_of(held)}
    assert found == {world.orgs["east"].pk: 9, world.orgs["east_one"].pk: 6}


def test_slips_are_prepared_for_units_of_the_round_alone(world: World) -> None:
    held = planned(world)
    for numbers in ({world.orgs["west_one"].pk: 5}, {world.orgs["east_two"].pk: 5}):
        with pytest.raises(NotAllowed):
            ballots_plan(
                evaluation_round=held,
                actor=world.user("staff", "east"),
                channel=Channel.SLIP,
                key="all",
                numbers=numbers,
            )
    assert not Batch.objects.exists()


@pytest.mark.parametrize("batches", [1, 3])
def test_the_page_of_batches_takes_a_constant_number_of_statements(world: World, batches: int) -> None:
    places = ("east_one", "east_two", "east")[:batches]
    for place in places:
        HeadCount.objects.create(organization=world.orgs[place], workers=5)
    held = with_workers(world, Channel.SLIP, subjects=places)
    client = as_(world.user("staff", "east"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("round_channels", args=[held.pk]))
    assert len(page.context["page"].object_list) == batches
    assert len(captured) == 14


# ---- ballots on paper ----


def on_paper(world: World) -> EvaluationRound:
    held = with_workers(world, Channel.PAPER)
    return round_open(evaluation_round=held, actor=world.user("staff", "east"))


def sheet(held: EvaluationRound, **changes: int) -> dict[str, int]:
    """Six ballots, all valid: four 满意 and two 比较满意 for every question."""
    key = held.ballot.classes.get().pk
    given = {"issued": 6, "returned": 6, "invalid": 0}
    given |= {f"{item}-{answer}": (4, 2, 0, 0, 0)[answer] for item in range(5) for answer in range(5)}
    return {f"c-{key}-{name}": value for name, value in {**given, **changes}.items()}


def test_two_people_count_and_the_round_is_sealed(world: World) -> None:
    held = on_paper(world)
    url = reverse("count_enter", args=[held.pk, held.ballot.subjects.get().pk])
    one, two = as_(world.user("staff", "east")), as_(world.user("office", "root"))
    assert "尚未经两人计票" in text(one.get(reverse("round_detail", args=[held.pk])))
    assert reverse("count_round", args=[held.pk]) in text(one.get(reverse("count_list")))
    assert one.post(url, sheet(held)).status_code == 302
    assert "另一人录入一致后生效" in text(one.get(url))
    # The second counts from their own sheet: the first one's numbers are nowhere.
    page = two.get(url)
    assert 'value="6"' not in text(page)
    two.post(url, sheet(held, **{"0-0": 3, "0-1": 3}))
    for client in (one, two):
        told = text(client.get(url))
        assert "两人计票不一致" in told
        assert "<strong>4</strong> / <strong>3</strong>" in told
    assert "两人不一致" in text(one.get(reverse("count_round", args=[held.pk])))
    refused = one.post(reverse("round_step", args=[held.pk, "round_close"]), {"reason": "已全部投票"}, follow=True)
    assert "尚未经两人计票一致" in text(refused)
    two.post(url, sheet(held))
    assert "两人计票一致" in text(one.get(url))
    for voter in voters(held):
        vote(held, voter)
    one.post(reverse("round_step", args=[held.pk, "round_close"]), {"reason": "已全部投票"})
    tally = SealedTally.objects.get()
    assert tally.counts == [10, 2, 0, 0, 0] * 5
    assert (tally.valid, tally.marked) == (6, 6)
    assert AuditEntry.objects.filter(action="paper_count_enter").count() == 3


def test_a_round_that_is_over_waits_for_the_count(world: World) -> None:
    held = on_paper(world)
    with clock.at(STAGE + dt.timedelta(days=2)):
        assert rounds_close_due() == 0
        assert EvaluationRound.objects.get().state == RoundState.OPEN
        url = reverse("count_enter", args=[held.pk, held.ballot.subjects.get().pk])
        for user in (world.user("staff", "east"), world.user("office", "root")):
            as_(user).post(url, sheet(held))
        assert rounds_close_due() == 1
    assert EvaluationRound.objects.get().state == RoundState.SEALED


def test_what_does_not_add_up_stands_above_the_sheet(world: World) -> None:
    held = on_paper(world)
    url = reverse("count_enter", args=[held.pk, held.ballot.subjects.get().pk])
    answer = as_(world.user("staff", "east")).post(url, sheet(held, **{"2-0": 5}))
    assert answer.status_code == 200
    assert "各档票数与弃权合计7" in text(answer)
    assert 'value="5"' in text(answer)
    assert not PaperCount.objects.exists()


def test_a_third_waits_until_one_takes_the_count_back(world: World) -> None:
    held = on_paper(world)
    subject = held.ballot.subjects.get().pk
    url = reverse("count_enter", args=[held.pk, subject])
    users = [world.user("staff", "east"), world.user("office", "root"), world.user("staff", "root")]
    for user in users[:2]:
        as_(user).post(url, sheet(held))
    third = as_(users[2])
    assert "保存本人计票" not in text(third.get(url))
    third.post(url, sheet(held))
    assert PaperCount.objects.count() == 2
    as_(users[1]).post(reverse("count_withdraw", args=[held.pk, subject]))
    third.post(url, sheet(held))
    assert set(PaperCount.objects.values_list("counter", flat=True)) == {users[0].pk, users[2].pk}


@pytest.mark.parametrize("subjects", [("east_one",), ("east_one", "east_two", "east")])
def test_the_list_of_sheets_takes_a_constant_number_of_statements(world: World, subjects: tuple[str, ...]) -> None:
    for place in subjects:
        HeadCount.objects.create(organization=world.orgs[place], workers=5)
    held = with_workers(world, Channel.PAPER, subjects=subjects)
    round_open(evaluation_round=held, actor=world.user("staff", "east"))
    client = as_(world.user("staff", "east"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("count_round", args=[held.pk]))
    assert len(page.context["page"].object_list) == len(subjects)
    assert len(captured) == 12
