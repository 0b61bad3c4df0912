"""The import of a roster: the office of a company sent it, looked at what it means, and had it stored."""

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.common.errors import DomainError
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.jobs.services import job_run
from orgs.models import ImportKind, ImportState, Sex
from orgs.services import import_apply, import_upload

TITLES = ("助理工程师", "工程师", "高级工程师", "技师")
HEADINGS = ("姓名", "性别", "人员编号", "所在党组织", "专业技术职称", "学位")
SEXES: dict[str, str] = {Sex.MALE: "男", Sex.FEMALE: "女"}
RENEWED = 4
"""So many members at the beginning of the list have a new title, the others are as they were."""


def tell_import(group: Group, story: Story) -> None:
    """A list of technical titles of one branch. Runs after the rest is stored: a job keeps connections of its own.

    Raises DomainError when it is not stored.
    """
    company = group.companies[0]
    branch = group.branches_of(company)[-1]
    staff = group.staff[company.pk]
    lines = io.StringIO()
    sheet = csv.writer(lines)
    sheet.writerows([[f"{branch.name}专业技术职称登记表"], HEADINGS])
    for place, member in enumerate(group.roll(branch)):
        title = TITLES[place % len(TITLES)] if place < RENEWED else member.technical_title
        sheet.writerow((member.name, SEXES[member.sex], member.personnel_no, branch.name, title, member.degree))
    file = SimpleUploadedFile("专业技术职称登记表.csv", lines.getvalue().encode("utf-8-sig"))
    with on(story.today, 8, 30):
        batch = import_upload(actor=staff, kind=ImportKind.MEMBERS, organization=company, file=file)
        import_apply(batch=batch, actor=staff)
    job_run(job_id=str(batch.job_id))
    batch.refresh_from_db()
    if batch.state != ImportState.APPLIED:
        raise DomainError(batch.job.message if batch.job is not None else str(batch.state))
