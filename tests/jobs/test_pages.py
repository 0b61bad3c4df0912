"""The pages of a person's own jobs: progress, result, download, cancelling, running again."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.registry import JobKind, Outcome, Progress, kinds
from tests.world import World

NAME = "东山公司_党员花名册_2026H1_20260701.xlsx"
CONTENT = b"PK\x03\x04 not really a workbook"


class Right:
    """What the kind's check says; a test may set an error to raise."""

    error: Exception | None = None

    def check(self, user: Any, parameters: Mapping[str, Any]) -> None:
        if self.error:
            raise self.error

    def run(self, progress: Progress) -> Outcome:
        return Outcome(message="done")


@pytest.fixture
def right() -> Iterator[Right]:
    right = Right()
    kinds.register(JobKind("test.pages", "导出花名册", right.run, right.check))
    yield right
    del kinds._items["test.pages"]


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.user("staff", "east"), backend="orgs.authentication.AccountBackend")
    return client


def job(world: World, state: JobState = JobState.RUNNING, **fields: Any) -> Job:
    return Job.objects.create(
        kind="test.pages", requested_by=world.users["staff@east"], state=state, started_at=clock.now(), **fields
    )


def finished(world: World) -> Job:
    folder = Path(settings.MEDIA_ROOT) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    made = job(world, JobState.SUCCEEDED, file_name=NAME, file_expires_at=clock.now() + dt.timedelta(days=7))
    (folder / f"{made.pk}.xlsx").write_bytes(CONTENT)
    Job.objects.filter(pk=made.pk).update(file_path=f"jobs/{made.pk}.xlsx", finished_at=clock.now())
    made.refresh_from_db()
    return made


def page(client: Client, name: str, made: Job) -> str:
    response = client.get(reverse(name, args=[made.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_a_running_job_asks_for_itself_in_the_background(world: World, client: Client, right: Right) -> None:
    shown = page(client, "jobs_detail", job(world, step="写第二张表", done=40, total=100))
    assert "导出花名册" in shown
    assert "写第二张表" in shown
    assert 'value="40" max="100"' in shown
    assert 'hx-trigger="every 1s"' in shown
    assert "data-background" in shown
    assert reverse("jobs_cancel", args=[Job.objects.get().pk]) in shown


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_finished_job_asks_no_more(world: World, client: Client, right: Right, state: JobState) -> None:
    fragment = page(client, "jobs_fragment", job(world, state, message="结果如下", finished_at=clock.now()))
    assert "hx-get" not in fragment
    assert "结果如下" in fragment
    assert "<html" not in fragment
    assert "jobs_retry" not in fragment


def test_what_came_out_can_be_looked_at_only_after_success(world: World, client: Client, right: Right) -> None:
    assert 'href="/scores/7/"' in page(client, "jobs_detail", job(world, JobState.SUCCEEDED, result_url="/scores/7/"))
    assert 'href="/scores/7/"' not in page(client, "jobs_detail", job(world, JobState.FAILED, result_url="/scores/7/"))


def test_the_file_comes_with_its_chinese_name_and_is_logged(world: World, client: Client, right: Right) -> None:
    made = finished(world)
    assert reverse("jobs_download", args=[made.pk]) in page(client, "jobs_detail", made)
    response: Any = client.get(reverse("jobs_download", args=[made.pk]))
    assert b"".join(response.streaming_content) == CONTENT
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E4%B8%9C")
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert "no-store" in response["Cache-Control"]
    assert AuditEntry.objects.of(made).filter(action="job_download").count() == 1


def test_a_right_taken_away_closes_the_file_and_a_mere_rule_does_not(
    world: World, client: Client, right: Right
) -> None:
    address = reverse("jobs_download", args=[finished(world).pk])
    right.error = NotAllowed()
    assert client.get(address).status_code == 404
    assert not AuditEntry.objects.filter(action="job_download").exists()
    right.error = DomainError("the period is closed")
    assert client.get(address).status_code == 200


def test_a_file_that_is_no_longer_kept_is_explained(world: World, client: Client, right: Right) -> None:
    expired, lost = finished(world), finished(world)
    Job.objects.filter(pk=expired.pk).update(file_expires_at=clock.now() - dt.timedelta(seconds=1))
    (Path(settings.MEDIA_ROOT) / lost.file_path).unlink()
    for made in (expired, lost):
        detail = reverse("jobs_detail", args=[made.pk])
        response = client.get(
            reverse("jobs_download", args=[made.pk]), headers={"referer": f"http://testserver{detail}"}
        )
        assert (response.status_code, response["Location"]) == (302, detail)
        assert "已过保存期限" in client.get(detail).content.decode()


def test_cancelling_and_running_again(world: World, client: Client, right: Right) -> None:
    waiting = job(world, JobState.QUEUED)
    assert client.post(reverse("jobs_cancel", args=[waiting.pk])).status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    answer = client.post(reverse("jobs_retry", args=[waiting.pk]))
    again = Job.objects.exclude(pk=waiting.pk).get()
    assert answer["Location"] == reverse("jobs_detail", args=[again.pk])
    assert (again.kind, again.parameters) == (waiting.kind, waiting.parameters)


def test_what_is_finished_cannot_be_cancelled_and_what_runs_not_repeated(
    world: World, client: Client, right: Right
) -> None:
    done, running = job(world, JobState.SUCCEEDED), job(world)
    client.post(reverse("jobs_cancel", args=[done.pk]))
    client.post(reverse("jobs_retry", args=[running.pk]))
    done.refresh_from_db()
    assert done.state == JobState.SUCCEEDED
    assert Job.objects.count() == 2
    assert "请刷新页面" in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize("name", ["jobs_detail", "jobs_fragment", "jobs_download"])
def test_another_person_s_job_is_not_found(world: World, right: Right, name: str) -> None:
    other = Client()
    other.force_login(world.user("staff", "root"), backend="orgs.authentication.AccountBackend")
    assert other.get(reverse(name, args=[finished(world).pk])).status_code == 404


def test_the_list_takes_as_many_statements_for_three_as_for_one(world: World, client: Client, right: Right) -> None:
    counts = []
    for _row in range(3):
        job(world)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("jobs_list")).status_code == 200
        counts.append(len(queries))
    # session, account, roles; count and page; the session written back within its savepoint
    assert counts == [8, 8, 8]


def test_the_list_is_filtered_by_state(world: World, client: Client, right: Right) -> None:
    job(world, JobState.FAILED, message="出错甲")
    job(world, JobState.SUCCEEDED, message="办成乙")
    shown = client.get(reverse("jobs_list"), {"state": "failed"}).content.decode()
    assert "出错甲" in shown
    assert "办成乙" not in shown
