"""Workers who are no members: the list, the head count, the electorate, and lists that are pasted or sent."""

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from orgs.importers.workers import workbook_of, workers_plan
from orgs.models import HeadCount, Worker
from orgs.selectors import electorate_of
from orgs.services.workers import (
    head_count_set,
    worker_create,
    worker_set_active,
    worker_update,
    workers_store,
)
from tests.orgs.test_organizations import signed_in, statements
from tests.world import World

pytestmark = pytest.mark.django_db
PASTED = "姓名\t工号\t班组\t岗位\t是否代表\n张工\t001\t甲班\t电工\t√\n李 工\t002\t乙班\t\t\n"


def add(world: World, at: str = "east_one", **values: Any) -> Worker:
    return worker_create(actor=None, organization=world.orgs[at], **{"name": "张工", **values})


def names(world: World, at: str = "east_one") -> list[str]:
    return list(Worker.objects.active().filter(organization=world.orgs[at]).values_list("name", flat=True))


# -- one by one ----------------------------------------------------------------------------------------------------


def test_a_branch_keeps_its_list(world: World) -> None:
    secretary = world.user("secretary", "east_one")
    worker = worker_create(actor=secretary, organization=world.orgs["east_one"], name="张工", personnel_no="001")
    worker_update(actor=secretary, worker=worker, version=1, name="章工")
    assert (worker.initials, worker.version) == ("zg", 2)
    with pytest.raises(EditConflict):
        worker_update(actor=secretary, worker=worker, version=1, team="甲班")
    worker_set_active(actor=secretary, worker=worker, active=False)
    with pytest.raises(StateConflict):
        worker_set_active(actor=secretary, worker=worker, active=False)
    actions = ["worker_create", "worker_update", "worker_retire"]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == actions


def test_a_number_stands_once_in_a_list(world: World) -> None:
    add(world, personnel_no="001")
    with pytest.raises(DomainError):
        add(world, name="李工", personnel_no="001")
    other = add(world, "east_two", name="李工", personnel_no="001")
    second = add(world, "east_two", name="王工", personnel_no="002")
    with pytest.raises(DomainError):
        worker_update(actor=None, worker=second, version=1, personnel_no="001")
    assert (Worker.objects.count(), other.personnel_no) == (3, "001")


@pytest.mark.parametrize(("role", "at"), [("secretary", "east_two"), ("leader", "root"), ("member", "east_one")])
def test_nobody_keeps_the_list_of_others(world: World, role: str, at: str) -> None:
    actor, worker = world.user(role, at), add(world)
    for call in (
        lambda: worker_create(actor=actor, organization=world.orgs["east_one"], name="李工"),
        lambda: worker_update(actor=actor, worker=worker, version=1, name="李工"),
        lambda: worker_set_active(actor=actor, worker=worker, active=False),
        lambda: head_count_set(
            actor=actor, organization=world.orgs["east_one"], workers=1, counted_on=dt.date(2026, 1, 1)
        ),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert names(world) == ["张工"]


# -- electorate ----------------------------------------------------------------------------------------------------


def test_the_electorate_counts_each_organization_by_list_or_head_count(world: World) -> None:
    day = dt.date(2026, 1, 1)
    add(world, is_representative=True)
    worker_set_active(actor=None, worker=add(world, name="李工"), active=False)
    for at, workers in (("east_two", 40), ("west_one", 70), ("east", 5)):
        head_count_set(actor=None, organization=world.orgs[at], workers=workers, counted_on=day)
    with pytest.raises(DomainError):
        head_count_set(actor=None, organization=world.orgs["east_one"], workers=3, counted_on=day)
    with pytest.raises(DomainError):
        head_count_set(
            actor=None, organization=world.orgs["east"], workers=3, counted_on=clock.today() + dt.timedelta(days=1)
        )
    found = electorate_of(world.orgs["east"])
    assert (found.listed, found.representatives, found.counted, found.total) == (1, 1, 45, 46)
    assert [worker.name for worker in found.workers] == ["张工"]
    # A list takes the place of the head count that was given before.
    add(world, "east_two")
    assert (electorate_of(world.orgs["east_two"]).total, electorate_of(world.orgs["root"]).total) == (1, 77)
    head_count_set(actor=None, organization=world.orgs["east"], workers=6, counted_on=day)
    assert HeadCount.objects.get(organization=world.orgs["east"]).version == 2


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "found"),
    [
        (PASTED, [("张工", "001", True), ("李工", "002", None)]),
        ("张工\t001\n李工\t002\n", [("张工", "001", None), ("李工", "002", None)]),
        ("张工,001,甲班,电工,是\n李工，002\n", [("张工", "001", True), ("李工", "002", None)]),
        ("张工\n\n李工\n", [("张工", "", None), ("李工", "", None)]),
        ("一分厂职工名单\n工号\t姓 名\n1\t张工\n2\t李工\n", [("张工", "1", None), ("李工", "2", None)]),
    ],
)
def test_what_people_paste_is_understood(world: World, pasted: str, found: list[Any]) -> None:
    plan, _rows = workers_plan(workbook_of(pasted), world.orgs["east_one"])
    assert not plan.problems.errors
    got = [
        (new.values["name"], new.values.get("personnel_no", ""), new.values.get("is_representative"))
        for new in plan.new
    ]
    assert got == found


def test_a_list_says_what_is_new_changed_the_same_and_missing(world: World) -> None:
    add(world, personnel_no="001", team="甲班", job="电工", is_representative=True)
    add(world, name="李工", team="丙班", personnel_no="002")
    gone, back = add(world, name="王工"), add(world, name="赵工", personnel_no="004")
    worker_set_active(actor=None, worker=back, active=False)
    pasted = f"{PASTED}赵工\t004\n孙工\t005\n"
    plan, rows = workers_plan(workbook_of(pasted), world.orgs["east_one"])
    assert (plan.figures["new"], plan.figures["changed"], plan.unchanged) == (1, 2, 1)
    assert [worker.pk for worker in plan.missing] == [gone.pk]
    again, _same = workers_plan(workbook_of(rows), world.orgs["east_one"])
    assert (again.figures, again.missing) == (plan.figures, plan.missing)
    secretary = world.user("secretary", "east_one")
    assert workers_store(actor=secretary, organization=world.orgs["east_one"], plan=plan, retire_missing=True) == 4
    assert sorted(names(world)) == sorted(["张工", "李工", "孙工", "赵工"])
    after, _same = workers_plan(workbook_of(pasted), world.orgs["east_one"])
    assert (after.unchanged, after.figures["new"], after.figures["changed"]) == (4, 0, 0)


def test_a_list_with_a_mistake_stores_nothing(world: World) -> None:
    for pasted in ("张工\t001\t\t\t也许\n", "张工\t001\n李工\t001\n", "姓名\t工号\n\t001\n"):
        plan, _rows = workers_plan(workbook_of(pasted), world.orgs["east_one"])
        assert plan.problems.errors, pasted
        with pytest.raises(DomainError):
            workers_store(actor=None, organization=world.orgs["east_one"], plan=plan)
    assert not Worker.objects.exists()


def test_a_list_that_somebody_else_stored_meanwhile_is_refused_whole(world: World) -> None:
    plan, _rows = workers_plan(workbook_of(PASTED), world.orgs["east_one"])
    add(world, personnel_no="002")
    with pytest.raises(DomainError):
        workers_store(actor=None, organization=world.orgs["east_one"], plan=plan)
    assert Worker.objects.count() == 1


# -- pages ---------------------------------------------------------------------------------------------------------


def test_pasted_looked_at_and_stored_in_the_browser(world: World) -> None:
    client, url = signed_in(world.user("secretary", "east_one")), reverse("worker_import")
    data = {"organization": world.orgs["east_one"].pk, "pasted": PASTED}
    shown = client.post(url, data)
    assert shown.status_code == 200
    assert not Worker.objects.exists()
    assert "李工" in shown.content.decode()
    assert client.post(url, {**data, "pasted": shown.context["rows"], "confirm": "1"}).status_code == 302
    assert sorted(names(world)) == ["张工", "李工"]
    assert (
        "没有需要" in client.post(url, data).content.decode() or "无需操作" in client.post(url, data).content.decode()
    )


def test_a_workbook_is_read_as_it_is(world: World) -> None:
    book = openpyxl.Workbook()
    for row in (
        ("一车间职工名册",),
        ("序号", "员工姓名", "员工编号", "所在班组", "工种"),
        (1, "张工", "001", "甲班", "电工"),
    ):
        book.active.append(row)  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    client = signed_in(world.user("secretary", "east_one"))
    file = SimpleUploadedFile("list.xlsx", content.getvalue())
    shown = client.post(reverse("worker_import"), {"organization": world.orgs["east_one"].pk, "file": file})
    assert [values["team"] for values in shown.context["new"]] == ["甲班"]
    broken = SimpleUploadedFile("list.xlsx", b"PK\x03\x04 not a workbook")
    refused = client.post(reverse("worker_import"), {"organization": world.orgs["east_one"].pk, "file": broken})
    assert refused.status_code == 200
    assert refused.context["mistakes"]


def test_the_list_is_searched_by_post_and_has_a_fixed_number_of_statements(world: World) -> None:
    client, url, counts = signed_in(world.user("secretary", "east_one")), reverse("worker_list"), []
    for number in (1, 2, 3):
        add(world, name=f"张工{number}", personnel_no=str(number))
        if number != 2:
            counts.append(statements(client, url))
    # The reader and what the reader holds; the highest organization of the figures and of the export; three figures;
    # number and rows.
    assert counts == [9, 9]
    assert client.post(url, {"q": "张工2"})["Location"] == url
    body = client.get(url).content.decode()
    assert ("张工2" in body, "张工1" in body) == (True, False)
