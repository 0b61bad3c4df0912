"""Monthly exports: each recipient with their own rights, the owner's asked for each time, a reminder with a link."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job
from campaign.jobs.services import job_request, job_run
from campaign.models import PeriodState
from campaign.notices.models import Notice
from campaign.notices.services import reminders_sweep
from campaign.reports.choices import wording_save
from campaign.reports.models import ReportDelivery, ReportSchedule
from campaign.reports.registry import reports
from campaign.reports.schedules import (
    next_day,
    parameters_of,
    possible_recipients,
    schedule_create,
    schedule_step,
    schedules_run,
)
from orgs.models import RoleAssignment, User
from tests.reports.test_export import cells
from tests.reports.test_figures import signed_in, text
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _march() -> Any:
    with clock.at(clock.start_of(TODAY) + dt.timedelta(hours=9)):
        yield


def on(day: dt.date) -> Any:
    return clock.at(clock.start_of(day) + dt.timedelta(hours=6))


def monthly(
    world: World, *recipients: User, of: str = "east", owner: str = "staff@east", **more: Any
) -> ReportSchedule:
    given: dict[str, Any] = {"report": reports.get("roster"), "campaign": None, "day": 5, **more}
    people = recipients or (world.user(*owner.split("@")),)
    return schedule_create(actor=world.user(*owner.split("@")), organization=world.orgs[of], recipients=people, **given)


@given(day=st.integers(1, 31), after=st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)))
def test_the_next_day_is_within_a_month_and_on_its_day(day: int, after: dt.date) -> None:
    found = next_day(day, after)
    assert after < found <= after + dt.timedelta(days=62)
    assert found.day == day or (found + dt.timedelta(days=1)).day == 1
    assert not any((after + dt.timedelta(days=past)).day == day for past in range(1, (found - after).days)), (
        "no such day is passed over"
    )


def test_each_recipient_gets_a_file_of_what_they_may_see_and_a_reminder(world: World) -> None:
    staff, office = world.user("staff", "east"), world.user("office", "root")
    schedule = monthly(world, staff, office)
    assert schedule.next_on == dt.date(2026, 4, 5)
    assert schedules_run() == 0
    day = dt.date(2026, 4, 5)
    with on(day):
        assert schedules_run() == 2
        assert schedules_run() == 0, "once a day, however often it is asked"
        for job in Job.objects.all():
            job_run(job_id=str(job.pk))
        assert {job.requested_by for job in Job.objects.filter(state="succeeded")} == {staff, office}
        schedule.refresh_from_db()
        assert schedule.next_on == dt.date(2026, 5, 5)
        reminders_sweep()
    notice = Notice.objects.get(user=staff, rule="reports.schedules")
    job = Job.objects.get(requested_by=staff)
    assert notice.url == reverse("jobs_detail", args=[job.pk])
    assert "党员花名册" in notice.text
    assert signed_in(world, "staff", "east").get(reverse("jobs_download", args=[job.pk])).status_code == 200
    assert signed_in(world, "office", "root").get(reverse("jobs_download", args=[job.pk])).status_code == 404
    assert Client().get(notice.url).status_code == 302, "a link after login"
    with on(day + dt.timedelta(days=1)):
        reminders_sweep()
    assert Notice.objects.filter(rule="reports.schedules").count() == 2, "told of once"


def test_the_file_is_worded_as_its_owner_words_the_form(world: World) -> None:
    """It is the owner's form that goes to everybody; what recipients word is for what they ask for themselves."""
    staff, office, roster = world.user("staff", "east"), world.user("office", "root"), reports.get("roster")
    schedule = monthly(world, staff, office)
    wording_save(report=roster, actor=office, lines={"title": "收件人的标题"})
    wording_save(report=roster, actor=staff, lines={"title": "东山公司党员名册", "signature": "审核：　填表："})
    with on(schedule.next_on):
        schedules_run()
        for job in Job.objects.all():
            job_run(job_id=str(job.pk))
    for job in Job.objects.filter(state="succeeded"):
        rows = cells(Path(settings.MEDIA_ROOT) / job.file_path)
        assert rows[0][0] == "东山公司党员名册"
        assert "审核：" in str(rows[-4:])
        assert str(job.requested_by) in str(rows[-2:]), "who exported it is the recipient, with the own rights"
    own = job_request(
        kind="reports.export", actor=office, parameters={"report": "roster", "organization": world.orgs["east"].pk}
    )
    job_run(job_id=str(own.pk))
    own.refresh_from_db()
    assert cells(Path(settings.MEDIA_ROOT) / own.file_path)[0][0] == "收件人的标题"


def test_who_lost_the_right_gets_nothing_and_cannot_open_what_lies_there(world: World) -> None:
    staff, secretary = world.user("staff", "east"), world.user("secretary", "east_one")
    schedule = monthly(world, staff, secretary, of="east_one")
    with on(schedule.next_on):
        schedules_run()
        for job in Job.objects.all():
            job_run(job_id=str(job.pk))
    done = Job.objects.get(requested_by=secretary)
    RoleAssignment.objects.filter(user=secretary).update(ends_on=schedule.next_on)
    with on(dt.date(2026, 4, 20)):
        assert (
            signed_in(world, "secretary", "east_one").get(reverse("jobs_download", args=[done.pk])).status_code == 404
        )
    with on(dt.date(2026, 5, 5)):
        assert schedules_run() == 1
    refused = ReportDelivery.objects.get(schedule=schedule, user=secretary, on=dt.date(2026, 5, 5))
    assert (refused.job, refused.note) == (None, "已没有导出该报表的权限。")
    schedule.refresh_from_db()
    assert schedule.state == "active", "the others go on"


def test_it_pauses_when_the_owner_lost_the_right_and_goes_on_when_resumed(world: World) -> None:
    staff, office = world.user("staff", "east"), world.user("office", "root")
    schedule = monthly(world, office)
    held = RoleAssignment.objects.filter(user=staff)
    held.update(ends_on=dt.date(2026, 4, 1))
    with on(schedule.next_on):
        assert schedules_run() == 0
        reminders_sweep()
    schedule.refresh_from_db()
    assert (schedule.state, schedule.note) == ("paused", "设置人已没有导出该报表的权限。")
    assert not Job.objects.exists()
    notice = Notice.objects.get(rule="reports.schedules")
    assert (notice.user, notice.url) == (staff, reverse("schedule_detail", args=[schedule.pk]))
    assert AuditEntry.objects.filter(action="schedule_pause", actor=None).count() == 1
    held.update(ends_on=None)
    with on(dt.date(2026, 6, 20)):
        schedule_step(schedule=schedule, actor=User.objects.get(pk=staff.pk), step="resume")
        assert (schedule.state, schedule.note, schedule.next_on) == ("active", "", dt.date(2026, 7, 5))
    with on(dt.date(2026, 7, 5)):
        assert schedules_run() == 1


def test_after_an_outage_one_export_makes_up_for_all(world: World) -> None:
    schedule = monthly(world, day=31)
    assert schedule.next_on == dt.date(2026, 3, 31)
    with on(dt.date(2026, 6, 2)):
        assert schedules_run() == 1
        assert schedules_run() == 0
    schedule.refresh_from_db()
    assert schedule.next_on == dt.date(2026, 6, 30)


def test_a_paused_or_ended_one_does_nothing(world: World) -> None:
    staff, first, second = world.user("staff", "east"), monthly(world), monthly(world)
    schedule_step(schedule=first, actor=staff, step="pause")
    schedule_step(schedule=second, actor=staff, step="end")
    with on(dt.date(2026, 4, 5)):
        assert schedules_run() == 0
    with pytest.raises(StateConflict):
        schedule_step(schedule=second, actor=staff, step="resume")
    with pytest.raises(StateConflict):
        schedule_step(schedule=first, actor=staff, step="pause")
    with pytest.raises(NotAllowed):
        schedule_step(schedule=first, actor=world.user("office", "root"), step="end")


def test_a_report_by_period_speaks_of_the_last_frozen_one_else_of_the_present(world: World) -> None:
    campaign = world.campaign()
    schedule = monthly(world, report=reports.get("score_summary"), campaign=campaign)
    first, second = campaign.periods.order_by("starts_on")[:2]
    day = second.starts_on + dt.timedelta(days=4)
    assert parameters_of(schedule, day)["period"] == second.pk
    type(first).objects.filter(pk=first.pk).update(state=PeriodState.FROZEN)
    assert parameters_of(schedule, day)["period"] == first.pk
    assert parameters_of(schedule, first.starts_on)["period"] == first.pk, "it holds the day"
    assert "unmasked" not in parameters_of(schedule, day)


def test_only_those_who_may_export_it_themselves_can_be_recipients(world: World) -> None:
    possible = set(possible_recipients(world.orgs["east_one"]))
    assert {world.user("secretary", "east_one"), world.user("staff", "east"), world.user("office", "root")} <= possible
    assert not possible & {world.user("member", "east_one"), world.user("staff", "west")}
    for recipients in ((world.user("member", "east_one"),), (world.user("staff", "west"), world.user("staff", "east"))):
        with pytest.raises(DomainError):
            monthly(world, *recipients)
    with pytest.raises(NotAllowed):
        monthly(world, world.user("office", "root"), of="root")
    with pytest.raises(DomainError):
        monthly(world, day=32)
    with pytest.raises(DomainError):
        monthly(world, report=reports.get("score_summary"))
    assert not ReportSchedule.objects.exists()


def test_it_is_set_up_looked_at_and_ended_on_its_pages(world: World) -> None:
    client, place = signed_in(world, "staff", "east"), world.orgs["east"].pk
    page = client.get(reverse("report_export", args=["roster"]))
    url = page.context["monthly"]
    offered = text(client.get(url).content.decode())
    assert "每人收到的内容以本人权限为限" in offered
    assert "请选择" not in offered
    refused = client.post(url, {"day": 5, "format": "xlsx", "recipients": [world.user("staff", "west").pk]})
    assert refused.status_code == 200
    made = client.post(url, {"day": 31, "format": "csv", "recipients": [world.user("staff", "east").pk]}, follow=True)
    schedule = ReportSchedule.objects.get()
    assert (schedule.day, schedule.format, schedule.organization_id) == (31, "csv", place)
    assert "月末最后一天" in text(made.content.decode())
    assert "每月导出：党员花名册" in text(made.content.decode())
    assert "党员花名册" in text(client.get(reverse("schedule_list")).content.decode())
    ended = client.post(reverse("schedule_step", args=[schedule.pk]), {"step": "end"}, follow=True)
    assert "已终止" in text(ended.content.decode())
    client.post(reverse("schedule_step", args=[schedule.pk]), {"step": "explode"})
    schedule.refresh_from_db()
    assert schedule.state == "ended"
    other = signed_in(world, "office", "root")
    assert other.get(reverse("schedule_detail", args=[schedule.pk])).status_code == 404
    assert "暂无定期导出" in text(other.get(reverse("schedule_list")).content.decode())


def test_the_lists_take_as_many_statements_for_three_rows_as_for_one(
    world: World, django_assert_num_queries: Any
) -> None:
    client = signed_in(world, "staff", "east")
    schedule = monthly(world, world.user("staff", "east"))
    for rounds in (1, 3):
        while ReportDelivery.objects.count() < rounds:
            with on(ReportSchedule.objects.get(pk=schedule.pk).next_on):
                schedules_run()
        while ReportSchedule.objects.count() < rounds:
            monthly(world)
        with django_assert_num_queries(8):
            client.get(reverse("schedule_list"))
        with django_assert_num_queries(10):
            client.get(reverse("schedule_detail", args=[schedule.pk]))


def test_the_reminders_take_two_statements_whatever_their_number(world: World, django_assert_num_queries: Any) -> None:
    from campaign.reports.schedules import deliveries_due

    for _ in range(3):
        monthly(world, world.user("staff", "east"), world.user("office", "root"))
    day = dt.date(2026, 4, 5)
    with on(day):
        schedules_run()
        Job.objects.update(state="succeeded", file_path="x")
        with django_assert_num_queries(2):
            assert len(list(deliveries_due(day))) == 6


def test_the_file_is_masked_whoever_gets_it(world: World) -> None:
    from orgs.models import Member

    Member.objects.filter(organization=world.orgs["east_one"]).update(phone="13812345678")
    schedule = monthly(world, world.user("office", "root"), owner="office@root", format_="csv")
    with on(schedule.next_on):
        schedules_run()
        job = Job.objects.get()
        job_run(job_id=str(job.pk))
        job.refresh_from_db()
    written = (Path(settings.MEDIA_ROOT) / job.file_path).read_text(encoding="utf-8-sig")
    assert "138****5678" in written
    assert "13812345678" not in written


def test_an_export_that_fails_keeps_no_other_waiting(world: World, caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = monthly(world, day=12), monthly(world, day=12)
    ReportSchedule.objects.filter(pk=broken.pk).update(options="broken")
    with on(dt.date(2026, 3, 12)):
        assert schedules_run() == 1
    assert [delivery.schedule_id for delivery in ReportDelivery.objects.all()] == [sound.pk]
    broken.refresh_from_db()
    assert broken.next_on == dt.date(2026, 3, 12)
    assert f"monthly export {broken.pk}" in caplog.text
