"""Cases of the background jobs: a job is its requester's alone, and only as long as they may ask for jobs at all."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.jobs.models import Job, JobState
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import holds_somewhere
from tests.world import World

PEOPLE = (
    "secretary@east_one", "secretary@east", "staff@east", "office@root", "system_admin@east", "leader@east",
    "former@east", "secretary@west_one",
)  # fmt: skip


def _may_not_export(actor: str, capability: Cap) -> bool:
    return not holds_somewhere(actor, Cap.REPORT_EXPORT)


def job(state: JobState, *, checked: bool = False) -> Callable[[World, str], Target]:
    """Return what makes an export in `state`, asked for by somebody. What `checked` jobs hold is given out, or made once
    more, only after asking again whether the person may have it."""

    def make(world: World, owner: str) -> Target:
        path = Path(settings.MEDIA_ROOT) / "jobs" / f"permission-{owner.replace('@', '-')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mark(owner))
        place = world.orgs[owner.split("@")[1]]
        made = Job.objects.create(
            kind="reports.export", requested_by=world.users[owner], state=state, message=mark(owner),
            parameters={"report": "roster", "organization": place.pk, "format": "csv"},
            file_path=str(path.relative_to(settings.MEDIA_ROOT)), file_name="结果.txt",
            file_expires_at=clock.now() + dt.timedelta(days=1),
        )  # fmt: skip
        target = Target(made, {"pk": made.pk}, marker=mark(owner), owner=owner)
        if checked:
            target.hidden = _may_not_export
        return target

    return make


done = job(JobState.SUCCEEDED)

case("jobs_list", Case())
case("jobs_detail", Case(make=done, places=PEOPLE))
case("jobs_fragment", Case(make=done, places=PEOPLE))
case("jobs_download", Case(make=job(JobState.SUCCEEDED, checked=True), places=PEOPLE))
case("jobs_retry", Case(make=job(JobState.FAILED, checked=True), places=PEOPLE))
case("jobs_cancel", Case(make=job(JobState.QUEUED), places=PEOPLE))
lists.append(Listed("jobs_list", done, Cap.JOB_VIEW, PEOPLE))
scoped.append(Scoped(done, PEOPLE, (Cap.JOB_VIEW,)))
