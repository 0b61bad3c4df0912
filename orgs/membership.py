"""What members, transfers and workers register: menu, desk, timeline, record, jobs, lists to take out."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Row
from campaign.common.navigation import Entry, menu
from campaign.jobs.registry import JobKind, kinds
from orgs import courses, exports, records
from orgs.models import Member, Organization
from orgs.models.members import months_after
from orgs.selectors import transfers_to_accept, transfers_to_release, workers_for
from orgs.services import records as recording

WORKERS = FormSheet(
    name="职工群众名册",
    title="职工群众名册",
    freeze=1,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("工号", Kind.CODE, width=14),
        FormColumn("班组", width=16),
        FormColumn("岗位", width=16),
        FormColumn("是否代表", Kind.YES_NO, width=10),
        FormColumn("所在党组织", width=32),
    ),
)


def member_tiles(user: Any) -> list[Tile]:
    """Probations that end within a month or are over, for who keeps the members (one query)."""
    if not holds(user, Cap.MEMBER_MANAGE):
        return []
    ending = Member.objects.allowed(user, Cap.MEMBER_MANAGE).probation_ending(months_after(clock.today(), 1))
    return [
        Tile(
            _("Probations to decide on"),
            ending.order_by().count(),
            f"{reverse('member_probation')}?when=soon",
            "hourglass",
            "warning",
            _("They end within a month, or are over."),
        )
    ]


def transfer_tiles(user: Any) -> list[Tile]:
    """Transfers that wait for this person (two queries)."""
    if not holds(user, Cap.TRANSFER_RELEASE):
        return []
    url, icons = reverse("transfer_list"), ("door-exit", "door-enter")
    release, accept = transfers_to_release(user).order_by().count(), transfers_to_accept(user).order_by().count()
    return [
        Tile(_("Transfers to release"), release, f"{url}?work=release", icons[0], "warning"),
        Tile(_("Transfers to accept"), accept, f"{url}?work=accept", icons[1], "warning"),
    ]


def worker_rows(user: Any, organization: Organization) -> Iterator[Row]:
    """Yield the list of workers in the subtree, as `user` may see it."""
    found = workers_for(user).active().in_subtree(organization).order_by("organization__path", "pinyin", "pk")
    for worker in found.iterator(chunk_size=2000):
        yield (
            worker.name,
            worker.personnel_no,
            worker.team,
            worker.job,
            worker.is_representative,
            worker.organization.name,
        )


def register() -> None:
    """Called when the app is ready."""
    menu.register(
        Entry(
            "transfer", "organization", _("Transfers"), "transfer_list", "arrows-exchange", Cap.TRANSFER_VIEW, order=40
        )
    )
    menu.register(
        Entry(
            "worker",
            "organization",
            _("Workers who are no members"),
            "worker_list",
            "users-group",
            Cap.WORKER_VIEW,
            order=50,
        )
    )
    desk.register(TileSource("orgs.probation", member_tiles))
    desk.register(TileSource("orgs.transfers", transfer_tiles))
    courses.register()
    records.register()
    kinds.register(JobKind(recording.JOB, _("Export a record"), recording.job_run, recording.job_check))
    exports.exports.register(
        exports.ListExport("workers", _("Export the list of workers"), Cap.WORKER_VIEW, WORKERS, worker_rows)
    )
