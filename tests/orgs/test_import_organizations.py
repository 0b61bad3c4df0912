"""Organizations from a workbook: a whole tree in any order, placed set-based and without a flaw."""

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError
from orgs.models import Organization, OrganizationType
from orgs.services import organization_create, organization_deactivate, plan_of, plan_store
from orgs.services.imports import base_for
from orgs.services.tree import tree_insert
from tests.orgs.books import ORGANIZATION_HEADINGS, unit, units
from tests.world import World

ROOT, EAST = "中共华岭集团委员会", "中共华岭集团东山公司委员会"
SOUND: tuple[list[Any], ...] = ([], [], [], [], [])


def plan(source: bytes, actor: Any = None) -> Any:
    base = base_for(actor, "organizations")
    return plan_of(kind="organizations", source=source, actor=actor, base=base)


def store(source: bytes, actor: Any = None) -> Any:
    found = plan(source, actor)
    plan_store(kind="organizations", plan=found, actor=actor)
    return found


def told(source: bytes, actor: Any = None) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(fold.problem.code, fold.problem.header, fold.rows) for fold in plan(source, actor).problems.folded()]


def tree() -> list[tuple[str, str]]:
    """Return (name, name of the one above) of all, as stored."""
    names = dict(Organization.objects.values_list("path", "name"))
    return sorted((name, names.get(path[:-4], "")) for path, name in names.items())


GROUP = [
    unit(ROOT, "", 组织类别="党委", 所在单位情况="法人单位"),
    unit(EAST, ROOT, 组织类别="党委"),
    unit("中共华岭集团西河公司委员会", "华岭集团委员会", 组织类别=""),
    unit("东山公司机关党支部", EAST),
    unit("东山公司采掘党总支", f" {EAST}　", 组织类别="党总支"),
    unit("采掘一区联合党支部", "东山公司采掘党总支", 组织类别="联合支部"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_a_whole_tree_in_any_order(seed: int) -> None:
    rows = random.Random(seed).sample(GROUP, len(GROUP))
    assert store(units(*rows)).figures["new"] == 6
    assert Organization.objects.find_problems() == SOUND
    assert tree() == sorted(
        [
            (ROOT, ""),
            (EAST, ROOT),
            ("中共华岭集团西河公司委员会", ROOT),
            ("东山公司机关党支部", EAST),
            ("东山公司采掘党总支", EAST),
            ("采掘一区联合党支部", "东山公司采掘党总支"),
        ]
    )
    assert Organization.objects.get(name="中共华岭集团西河公司委员会").type == OrganizationType.COMMITTEE
    codes = list(Organization.objects.order_by("path").values_list("code", flat=True))
    assert codes == [f"DZ0000{number}" for number in range(1, 7)]
    again = store(units(*rows))
    assert again.figures == {"rows": 6, "new": 0, "changed": 0, "unchanged": 6, "mistakes": 0}


@pytest.mark.django_db
def test_new_ones_hang_behind_those_that_are_there(world: World) -> None:
    store(
        units(
            unit("东山公司新设党支部", EAST),
            unit("新设分公司党委", ROOT, 组织类别="党委"),
            unit("新设党支部", "新设分公司党委"),
        )
    )
    assert Organization.objects.find_problems() == SOUND
    assert [child.name for child in Organization.objects.get_children(world.orgs["east"])][-1] == "东山公司新设党支部"
    assert Organization.objects.get(name="新设党支部").higher().name == "新设分公司党委"
    assert AuditEntry.objects.filter(action="organization_create").count() == 3
    # One by one afterwards, by treebeard itself and by the service, the places go on.
    organization_create(actor=None, parent=world.orgs["east"], name="再设党支部", type="branch")
    assert Organization.objects.find_problems() == SOUND


@pytest.mark.django_db
def test_a_changed_row_updates(world: World) -> None:
    rows = units(unit("东山公司采掘一区党支部", EAST, 组织类别="联合党支部"))
    found = store(rows)
    assert found.changed[0].changes["type"] == ("branch", "joint_branch")
    stored = Organization.objects.get(pk=world.orgs["east_one"].pk)
    assert (stored.type, stored.version, str(stored.term_ends_on)) == ("joint_branch", 2, "2027-11-15")
    assert store(rows).figures["unchanged"] == 1


@pytest.mark.django_db
def test_without_one_above_it_goes_below_the_actor(world: World) -> None:
    source = units(unit("中共新并入公司委员会", "", 组织类别="党委"), unit("新并入公司党支部", "中共新并入公司委员会"))
    staff = world.user("staff", "east")
    assert told(source, staff) == [("organization.placed_below", "上级党组织", (5,))]
    store(source, staff)
    assert Organization.objects.get(name="中共新并入公司委员会").higher() == world.orgs["east"]
    # The system has no place of its own: the one root takes it.
    store(units(unit("中共别的公司委员会", "", 组织类别="党委")))
    assert Organization.objects.get(name="中共别的公司委员会").higher() == world.orgs["root"]


@pytest.mark.django_db
def test_the_own_organization_in_the_file_stays_as_it_is(world: World) -> None:
    alone = [("organization.left_alone", "党组织名称", (5,))]
    for above in ("", ROOT):
        # The staff of the company do not reach the one above it, but may name it.
        source = units(unit(EAST, above, 组织类别="党工委"), unit("东山公司新设党支部", EAST))
        assert told(source, world.user("staff", "east")) == alone
    wrong = units(unit(EAST, "中共华岭集团西河公司委员会", 组织类别="党工委"))
    assert told(wrong, world.user("staff", "east"))[0][0] == "organization.similar"
    store(source, world.user("staff", "east"))
    assert Organization.objects.get(name=EAST).type == "committee"
    store(source, world.user("staff", "root"))
    assert Organization.objects.get(name=EAST).type == "working_committee"


MISTAKES = [
    ([unit("甲党支部", "没有的委员会")], [("organization.unknown", "上级党组织", (5,))]),
    ([unit("甲党支部", "中共华岭集团东山公司委员")], [("organization.similar", "上级党组织", (5,))]),
    ([unit("甲党支部", EAST), unit("甲党支部", EAST)], [("organization.name_twice", "党组织名称", (6,))]),
    (
        [unit("甲党总支", "乙党总支", 组织类别=""), unit("乙党总支", "甲党总支", 组织类别="")],
        [("organization.circle", "上级党组织", (5,))],
    ),
    ([unit("甲党支部", "甲党支部")], [("organization.circle", "上级党组织", (5,))]),
    ([unit("某某办公室", EAST, 组织类别="")], [("cell.missing", "组织类别", (5,))]),
    ([unit("甲党支部", EAST, 组织类别="车间")], [("choice.unknown", "组织类别", (5,))]),
    ([unit("甲党支部", EAST, 任期届满时间="2020-01-01")], [("organization.term_order", "任期届满时间", (5,))]),
    ([unit("甲党支部", EAST, 成立时间="2013.02.30")], [("date.impossible", "成立时间", (5,))]),
    ([unit("", EAST)], [("cell.missing", "党组织名称", (5,))]),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("rows", "expected"), MISTAKES)
def test_one_mistake_is_one_message_and_stores_nothing(world: World, rows: Any, expected: Any) -> None:
    source = units(*rows, unit("好的党支部", EAST))
    assert told(source) == expected
    before = list(Organization.objects.values())
    with pytest.raises(DomainError):
        store(source)
    assert list(Organization.objects.values()) == before


@pytest.mark.django_db
def test_codes_belong_to_one_organization(world: World) -> None:
    headings = (*ORGANIZATION_HEADINGS, "党组织编码")
    twice = units(unit("甲党支部", EAST, 党组织编码="K1"), unit("乙党支部", EAST, 党组织编码="K1"), headings=headings)
    assert told(twice) == [("organization.code_twice", "党组织编码", (6,))]
    foreign = units(unit("甲党支部", EAST, 党组织编码="WEST_ONE"), headings=headings)
    assert told(foreign, world.user("staff", "east")) == [("organization.code_taken", "党组织编码", (5,))]
    assert told(foreign) == [("organization.other_parent", "上级党组织", (5,))]
    renamed = units(unit("东山公司综采一区党支部", EAST, 党组织编码="EAST_ONE"), headings=headings)
    store(renamed)
    stored = Organization.objects.get(code="EAST_ONE")
    assert (stored.pk, stored.name) == (world.orgs["east_one"].pk, "东山公司综采一区党支部")
    assert "zcyq" in stored.initials


@pytest.mark.django_db
def test_the_same_name_below_another_one_is_another_organization(world: World) -> None:
    source = units(unit("东山公司采掘一区党支部", "中共华岭集团西河公司委员会"))
    assert told(source) == [("organization.same_name", "党组织名称", (5,))]
    store(source)
    assert Organization.objects.filter(name="东山公司采掘一区党支部").count() == 2


@pytest.mark.django_db
def test_a_deactivated_one_is_told(world: World) -> None:
    empty = organization_create(actor=None, parent=world.orgs["east"], name="撤销党支部", type="branch")
    organization_deactivate(actor=None, organization=empty)
    assert told(units(unit("撤销党支部", EAST))) == [("organization.deactivated", "党组织名称", (5,))]


@pytest.mark.django_db
def test_a_second_root_is_refused() -> None:
    source = units(unit(ROOT, "", 组织类别="党委"), unit("中共另一集团委员会", "", 组织类别="党委"))
    assert told(source) == [("organization.second_root", "上级党组织", (6,))]


@pytest.mark.django_db
def test_no_query_per_row(world: World) -> None:
    def statements(count: int, letter: str) -> list[str]:
        rows = [unit(f"{letter}{number}党支部", EAST) for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            store(units(*rows))
        return [query["sql"] for query in captured.captured_queries]

    statements(1, "甲")
    ten, hundred = statements(10, "乙"), statements(100, "丙")
    others = [[sql for sql in part if not sql.startswith("INSERT")] for part in (ten, hundred)]
    assert len(others[0]) == len(others[1])
    inserts = sum(sql.startswith("INSERT") for sql in hundred)
    assert inserts <= (2 if connection.vendor == "postgresql" else 100 * 40 // 999 + 3)


def add_child(parent: Organization, number: int) -> Organization:
    """Let treebeard itself place one."""
    fields = {"code": f"O{number}", "name": f"旧{number}", "type": "committee"}
    return Organization.objects.add_child(parent, create_kwargs=fields)


class TreeTest(TestCase):
    """Whatever the shape and the order of what is inserted, the tree is as treebeard would have built it."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=60), st.randoms(use_true_random=False)
    )
    def test_any_shape(self, choices: list[int], mixer: random.Random) -> None:
        root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "根", "type": "committee"})
        old = [add_child(root, number) for number in range(3)]
        new: list[tuple[Organization, Organization | None]] = []
        for number, chosen in enumerate(choices):
            parents = [root, *old, *(node for node, _parent in new)]
            node = Organization(code=f"N{number}", name=f"新{number}", type="committee")
            new.append((node, parents[chosen % len(parents)]))
        expected = {node.code: parent.code for node, parent in new if parent is not None}
        mixer.shuffle(new)
        tree_insert(new)
        assert Organization.objects.find_problems() == SOUND
        stored = {node.code: node.higher().code for node in Organization.objects.filter(code__startswith="N")}
        assert stored == expected
        assert Organization.objects.count() == 4 + len(choices)
