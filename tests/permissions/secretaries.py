"""Cases of appraisals of secretaries: held where the staff is, each report its secretary's own, graded above."""

import datetime as dt
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.attachments.services import attachment_store
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.lists.services import list_send, list_store
from campaign.models import Campaign
from reviews.importers.secretaries import PROBLEM_LIST
from reviews.models.secretaries import (
    ReportAttachment,
    ReportProblem,
    ReportQuestion,
    SecretaryAppraisal,
    SecretaryReport,
)
from tests.attachments.files import pdf
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, PARENTS, PLACES, expected
from tests.world import World

COMMITTEES = tuple(place for place in PLACES if place not in BRANCHES)


def days() -> dict[str, dt.date]:
    today = clock.today()
    return {"report_until": today, "meeting_on": today, "votes_until": today}


def made(world: World, held_at: str, name: str, **options: Any) -> SecretaryAppraisal:
    """An appraisal of a year that no other has."""
    given = {**days(), "campaign": Campaign.objects.get(code="C1"), "year": 2000 + SecretaryAppraisal.objects.count()}
    return SecretaryAppraisal.objects.create(organization=world.orgs[held_at], name=name, **{**given, **options})


def written(world: World, at: str, state: str = "submitted", **options: Any) -> SecretaryReport:
    """The report of a member of the branch, in an appraisal that the organization above holds without a ballot."""
    held = made(world, PARENTS[at], mark(at, "述职"), has_ballot=False)
    moment = clock.now() if state == "graded" else None
    given = {"text": "履职情况", "grade": "good" if state == "graded" else "", "graded_at": moment, **options}
    return SecretaryReport.objects.create(
        appraisal=held, organization=world.orgs[at], member=world.members[at][1], year=held.year, name=mark(at),
        state=state, **given,
    )  # fmt: skip


# -- who holds them ----------------------------------------------------------------------------------------------------


def appraisal(state: str = "open", step: str = "") -> Make:
    def make(world: World, at: str) -> Target:
        found = made(world, at, mark(at), state=state)
        return Target(found, {"pk": found.pk}, {"step": step, "reason": "理由"}, marker=mark(at))

    return make


def new(world: World, at: str) -> Target:
    payload = {
        **days(), "name": "年度述职", "campaign": Campaign.objects.get(code="C1").pk, "organization": world.orgs[at].pk,
        "year": 2090,
    }  # fmt: skip
    return Target(payload=payload)


def elsewhere(actor: str, at: str) -> bool:
    """Appraisals are held for the organization of one's role."""
    return actor.split("@")[1] != at


case("secretary_list", Case())
case("secretary_create", Case(make=new, places=COMMITTEES, named_in_form=True, told=elsewhere))
case("secretary_detail", Case(make=appraisal()))
case(
    "secretary_step",
    Case(make=appraisal(step="secretary_appraisal_cancel")),
    Case(make=appraisal(step="secretary_appraisal_close")),
    Case(make=appraisal("closed", step="secretary_appraisal_reopen")),
    Case(make=appraisal(step="secretary_without_ballot")),
)
case("secretary_ballot", Case(make=appraisal()))
lists.append(Listed("secretary_list", appraisal(), Cap.SECRETARY_VIEW))
scoped.append(Scoped(appraisal()))


# -- reports -----------------------------------------------------------------------------------------------------------


def report(state: str = "submitted", step: str = "", capability: Cap | None = None, *, file: bool = False) -> Make:
    """A report of the first member; who sees it without the right to the step is told "not found"."""

    def make(world: World, at: str) -> Target:
        found = written(world, at, state)
        kwargs: dict[str, Any] = {"pk": found.pk}
        if file:
            attached = ReportAttachment.objects.create(
                report=found, attachment=attachment_store(file=pdf(), actor=None)
            )
            kwargs["attachment"] = attached.attachment_id
        payload = {
            "version": 1, "text": "新的内容", "step": step, "reason": "理由", "comment": "总体较好", "grade": "fair",
            "due_on": clock.today().isoformat(),
        }  # fmt: skip
        target = Target(found, kwargs, payload, owner=f"member@{at}", marker=mark(at))
        if capability is not None:
            target.rule = lambda actor, _capability: expected(actor, capability, at, own=actor == f"member@{at}")
        return target

    return make


def asked(world: World, at: str) -> Target:
    found = written(world, at)
    question = ReportQuestion.objects.create(
        report=found, asked_by=world.users["staff@root"], asked_by_name="上级", text="怎么抓队伍？"
    )
    return Target(found, {"pk": found.pk, "question": question.pk}, {"text": "回答"}, owner=f"member@{at}")


case("secretary_report", Case(make=report(), places=BRANCHES), Case(make=report("graded"), places=BRANCHES))
case("secretary_write", Case(make=report("writing"), places=BRANCHES))
case(
    "secretary_report_step",
    Case(make=report("writing", "secretary_report_submit", Cap.SECRETARY_WRITE), places=BRANCHES),
    Case(make=report("submitted", "secretary_report_recall", Cap.SECRETARY_WRITE), places=BRANCHES),
    Case(make=report("submitted", "secretary_report_return", Cap.SECRETARY_GRADE), places=BRANCHES),
    Case(make=report("graded", "secretary_ungrade", Cap.SECRETARY_GRADE), places=BRANCHES),
)
case("secretary_ask", Case(make=report(), places=BRANCHES))
case("secretary_answer", Case(make=asked, places=BRANCHES))
case("secretary_grade", Case(make=report(), places=BRANCHES))
case("secretary_problem_add", Case(make=report(), places=BRANCHES))
case("secretary_file", Case(make=report(file=True), places=BRANCHES, names=False))
case("secretary_file_remove", Case(make=report("writing", file=True), places=BRANCHES))
lists.append(Listed("secretary_list", report(), Cap.SECRETARY_VIEW, BRANCHES))
scoped.append(Scoped(report(), BRANCHES))


# -- problems ----------------------------------------------------------------------------------------------------------


def problem(state: str = "open", step: str = "", capability: Cap | None = None) -> Make:
    def make(world: World, at: str) -> Target:
        closed = clock.today() if state == "closed" else None
        found = ReportProblem.objects.create(
            report=written(world, at, "graded"), organization=world.orgs[at], text=mark(at), due_on=clock.today(),
            state=state, closed_on=closed,
        )  # fmt: skip
        payload = {"step": step, "reason": "已整改"} if step else {"version": 1, "measures": "每月一课"}
        target = Target(found, {"pk": found.pk}, payload, owner=f"member@{at}", marker=mark(at))
        if capability is not None:
            target.rule = lambda actor, _capability: expected(actor, capability, at, own=actor == f"member@{at}")
        return target

    return make


def book(world: World, at: str) -> bytes:
    return f"党组织,书记,存在问题,整改时限\n{world.orgs[at].name},,{mark(at)},{clock.today()}\n".encode()


def workbook(world: World, at: str) -> Target:
    """The problem list of the appraisal above a branch: for who sees the appraisal and grades the secretary."""
    held = written(world, at).appraisal

    def payload() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("问题.csv", book(world, at))}

    def rule(actor: str, _capability: Cap) -> bool:
        return expected(actor, Cap.SECRETARY_VIEW, PARENTS[at]) and expected(actor, Cap.SECRETARY_GRADE, at)

    return Target(held, {"pk": held.pk}, payload, rule=rule)


def sent_in(state: str) -> Make:
    """Only who sent a workbook reaches it."""

    def make(world: World, at: str) -> Target:
        held, actor = written(world, at).appraisal, world.user("office", "root")
        sent = list_send(kind=PROBLEM_LIST, place=held.pk, actor=actor, content=book(world, at), file_name="问题.csv")
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(sent, {"pk": sent.pk}, rule=lambda who, _capability: who == "office@root")

    return make


case("secretary_problems", Case())
case("problem_import", Case(make=workbook, places=BRANCHES))
case("problem_import_template", Case(make=workbook, places=BRANCHES))
for address, state in (
    ("problem_import_detail", "checked"),
    ("problem_import_annotated", "checked"),
    ("problem_import_store", "checked"),
    ("problem_import_undo", "stored"),
):
    case(address, Case(make=sent_in(state), places=BRANCHES))
case("secretary_problem", Case(make=problem(), places=BRANCHES))
case(
    "secretary_problem_step",
    Case(make=problem("open", "report_problem_done", Cap.SECRETARY_WRITE), places=BRANCHES),
    Case(make=problem("reported", "report_problem_close", Cap.SECRETARY_GRADE), places=BRANCHES),
    Case(make=problem("reported", "report_problem_reopen", Cap.SECRETARY_GRADE), places=BRANCHES),
)
lists.append(Listed("secretary_problems", problem(), Cap.SECRETARY_VIEW, BRANCHES))
scoped.append(Scoped(problem(), BRANCHES))
