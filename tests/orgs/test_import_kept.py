"""What a check of members understood is kept, and is what the job stores; the workbook is not read again."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.audit.models import AuditEntry
from campaign.audit.services import masked, written
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from orgs.models import ImportBatch, ImportState, Member, Sex
from orgs.services import import_apply, import_upload, member_create, member_update, organization_update
from orgs.services.imports import UNDERSTOOD
from tests.orgs.books import id_number, person, roster
from tests.world import World

pytestmark = pytest.mark.django_db


def sent(world: World, *rows: dict[str, Any]) -> ImportBatch:
    file = SimpleUploadedFile("花名册.xlsx", roster(*rows))
    user = world.user("staff", "east")
    return import_upload(actor=user, kind="members", organization=world.orgs["east"], file=file)


def understood(batch: ImportBatch) -> Path:
    return Path(settings.MEDIA_ROOT) / f"{batch.file_path}{UNDERSTOOD}"


def applied(world: World, batch: ImportBatch) -> Job:
    job = import_apply(batch=batch, actor=world.user("staff", "east")).job
    assert job is not None
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    batch.refresh_from_db()
    return job


def test_the_job_stores_what_was_understood_and_not_the_file(world: World) -> None:
    batch = sent(world, person(1, 党内职务="书记", 人员编号="A1"), person(2, 身份证号="", 出生日期="1980.03.12"))
    upload = Path(settings.MEDIA_ROOT) / batch.file_path
    kept = understood(batch)
    content = kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    assert id_number(1).encode() not in content
    assert "采掘一区".encode() not in content
    upload.write_bytes(b"no workbook any more")
    assert applied(world, batch).state == JobState.SUCCEEDED
    assert not kept.exists()
    one, two = Member.objects.filter(name__in=("王一1", "王二1", "王二2", "王三2")).order_by("pk")
    assert (one.id_number, one.sex, one.joined_on) == (id_number(1), Sex.MALE, dt.date(2005, 7, 1))
    assert (one.is_frontline, one.party_post, one.version) == (True, "secretary", 1)
    assert (two.id_number_digest, two.birth_date) == (None, dt.date(1980, 3, 12))
    assert two.personnel_no.startswith("DY")
    entry = AuditEntry.objects.of(one).get(action="member_create")
    assert entry.changes["id_number"] == entry.changes["phone"] == ["", "•"]
    assert entry.changes["organization"] == ["", one.organization.name]
    assert (entry.changes["joined_on"], entry.changes["is_frontline"]) == (["", "2005-07-01"], ["", True])


@pytest.mark.parametrize("damage", ["gone", "another", "cut"])
def test_a_kept_file_that_is_not_the_confirmed_one_is_refused(world: World, damage: str) -> None:
    batch, before = sent(world, person(1)), Member.objects.count()
    kept = understood(batch)
    if damage == "gone":
        kept.unlink()
    elif damage == "cut":
        kept.write_bytes(kept.read_bytes()[:-1])
    else:
        other = sent(world, person(2))
        stolen = understood(other).read_bytes()
        batch = sent(world, person(1))
        understood(batch).write_bytes(stolen)
    assert applied(world, batch).state == JobState.FAILED
    assert (batch.state, Member.objects.count()) == (ImportState.CHECKED, before)
    assert applied(world, batch).state == JobState.SUCCEEDED  # it was checked once more
    assert Member.objects.count() == before + 1


def overtaken(world: World, batch: ImportBatch) -> None:
    before = list(Member.objects.order_by("pk").values())
    job = applied(world, batch)
    assert job.state == JobState.FAILED
    assert "数据已有变动" in job.message
    assert list(Member.objects.order_by("pk").values()) == before


def test_a_namesake_entered_meanwhile_stops_it(world: World) -> None:
    row = person(1, 身份证号="", 出生日期="1980.03.12", 性别="男")
    batch = sent(world, row)
    member_create(actor=None, organization=world.orgs["east_one"], name=row["姓 名"], sex="male")
    overtaken(world, batch)
    assert (batch.figures["new"], batch.figures["changed"]) == (0, 1)
    assert applied(world, batch).state == JobState.SUCCEEDED


def test_a_namesake_that_was_known_does_not(world: World) -> None:
    row = person(1, 身份证号="", 出生日期="1980.03.12", 性别="男")
    for _number in range(2):  # two are as good as none: nobody knows whom the row means
        member_create(actor=None, organization=world.orgs["east_one"], name=row["姓 名"], sex="male")
    batch = sent(world, row)
    assert batch.figures["new"] == 1
    assert applied(world, batch).state == JobState.SUCCEEDED


def test_an_organization_changed_meanwhile_stops_it(world: World) -> None:
    batch, place = sent(world, person(1)), world.orgs["east_one"]
    organization_update(actor=None, organization=place, version=place.version, name="东山公司采掘五区党支部")
    job, before = applied(world, batch), Member.objects.count()
    assert (job.state, Member.objects.count()) == (JobState.FAILED, before)
    assert batch.state == ImportState.REJECTED  # there is none of this name any more


def test_a_member_changed_meanwhile_stops_it(world: World) -> None:
    member = member_create(
        actor=None, organization=world.orgs["east_one"], name="王二1", sex="male", id_number=id_number(1)
    )
    batch = sent(world, person(1, 学历="本科"))
    assert batch.figures["changed"] == 1
    member_update(actor=None, member=member, version=1, education="大学专科")
    overtaken(world, batch)
    assert applied(world, batch).state == JobState.SUCCEEDED
    member.refresh_from_db()
    assert member.education == "本科"


def test_a_new_record_is_logged_as_any_other() -> None:
    values: dict[str, Any] = {
        "name": '王"一\\', "sex": Sex.MALE, "birth_date": dt.date(1980, 3, 12), "joined_on": dt.date(2005, 7, 1),
        "is_frontline": True, "is_party_worker": False, "phone": "13300000001", "cell": "",
    }  # fmt: skip
    other = {**dict.fromkeys(values), "name": "李四", "is_party_worker": True}
    said = [{name: ["", value] for name, value in one.items() if value} for one in (values, other)]
    found = written([{name: [values[name], other[name]] for name in values}])
    assert [json.loads(one) for one in found] == [json.loads(json.dumps(masked(one))) for one in said]
