"""Lists of problems: one message for a mistake in many rows, stored as codes, told in the reader's language."""

import json

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.common.excel.problems import (
    MISTAKES,
    Category,
    Fold,
    Mistake,
    Place,
    Problem,
    ProblemList,
    Severity,
    mistake,
    plain,
)
from campaign.common.excel.schema import CELL_MISSING, LINE_PASSED
from campaign.common.excel.values import CHOICE_UNKNOWN, DATE_FUTURE, TEXT_TOO_LONG
from campaign.common.masking import mask

pytestmark = pytest.mark.one_database


def at(row: int | None, column: str = "L", header: str = "所在党组织", sheet: str = "花名册") -> Place:
    return Place(sheet, row, column, header)


def wrong_branch(rows: list[int]) -> ProblemList:
    problems = ProblemList()
    for row in rows:
        problems.add(CHOICE_UNKNOWN, at(row), value="机电分厂党支部", params={"allowed": "机电车间党支部"})
    return problems


def test_one_wrong_name_in_ten_rows_is_one_message() -> None:
    (fold,) = wrong_branch(list(range(25, 35))).folded()
    assert fold.rows == tuple(range(25, 35))
    with translation.override("zh-hans"):
        assert str(fold) == (
            "工作表“花名册”，第25–34行，L列“所在党组织”，填写内容“机电分厂党支部”："
            "“机电分厂党支部”不在可填范围内。可填：机电车间党支部。"
        )
    with translation.override("en"):
        assert str(fold).startswith("sheet “花名册”, rows 25–34, column L “所在党组织”, value “机电分厂党支部”: ")


def test_other_values_columns_sheets_and_kinds_are_other_messages() -> None:
    problems = wrong_branch([5])
    problems.add(CHOICE_UNKNOWN, at(6), value="另一个党支部", params={"allowed": "机电车间党支部"})
    problems.add(CHOICE_UNKNOWN, at(7, "M"), value="机电分厂党支部", params={"allowed": "机电车间党支部"})
    problems.add(CHOICE_UNKNOWN, at(8, sheet="二支部"), value="机电分厂党支部", params={"allowed": "机电车间党支部"})
    problems.add(CELL_MISSING, at(9), value="机电分厂党支部")
    assert len(problems.folded()) == 5


def test_many_scattered_rows_are_counted() -> None:
    (fold,) = wrong_branch(list(range(5, 105, 2))).folded()
    with translation.override("zh-hans"):
        assert fold.rows_text == "5、7、9、11、13、15等（另有44行）"
    with translation.override("en"):
        assert fold.rows_text == "5, 7, 9, 11, 13, 15 and 44 others"


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_every_row_is_in_the_fold_once(rows: list[int]) -> None:
    (fold,) = wrong_branch(rows).folded()
    assert list(fold.rows) == sorted(set(rows))


def test_errors_come_first_then_the_order_of_the_file() -> None:
    problems = ProblemList()
    problems.add(LINE_PASSED, at(2))
    problems.add(DATE_FUTURE, at(9, "AA"), value="2031")
    problems.add(DATE_FUTURE, at(9, "C"), value="2032")
    problems.add(DATE_FUTURE, at(3, sheet="二支部"), value="2033")
    problems.add(DATE_FUTURE, Place("花名册"), value="2034")
    assert [fold.problem.value for fold in problems.folded()] == ["2034", "2032", "2031", "2033", ""]
    assert len(problems.errors) == 4
    assert len(problems.warnings) == 1
    assert problems.by_category() == {Category.RULE: 4}


def test_an_empty_list_is_false() -> None:
    assert not ProblemList()
    assert wrong_branch([1])
    assert ProblemList().folded() == []


def test_stored_problems_come_back_the_same() -> None:
    problems = wrong_branch([25, 26, 40])
    problems.add(TEXT_TOO_LONG, at(3), value="x" * 100, params={"length": 600, "limit": 500})
    problems.add(CELL_MISSING)
    stored = json.loads(json.dumps(problems.as_json()))
    assert [Fold.from_json(data) for data in stored] == problems.folded()
    assert len(problems.as_json(limit=1)) == 1


def test_long_values_are_cut_and_lines_joined() -> None:
    assert ProblemList().add(CELL_MISSING, value="一\n二" + "三" * 100).value == "一 二" + "三" * 57 + "…"


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("110105197001020123", "110105********0123"),
        ("11010519700102", "110105****0102"),
        ("13812348000", "138****8000"),
        ("138123480001", "138*****0001"),
        ("63981234", "********"),
        ("", ""),
    ],
)
def test_masks(value: str, masked: str) -> None:
    assert mask(value) == masked


def test_personal_values_are_masked_before_they_are_kept() -> None:
    problem = ProblemList().add(CELL_MISSING, at(5), value=110105197001020123, personal=True)
    assert problem.value == "110105********0123"


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (3.5, "3.5"), ("a\n b", "a b"), (True, "True"), (None, "None")]
)
def test_values_are_told_as_typed(value: object, text: str) -> None:
    assert plain(value) == text


def test_a_code_is_taken_once() -> None:
    with pytest.raises(ValueError, match="taken"):
        mistake("cell.missing", "other", "text", Category.RULE)


OWN = [kind for kind in MISTAKES if kind.key.split(".")[0] not in {"organization", "member"}]
"""The kinds of this package; the ones of importers are held by the check of the catalogues."""


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.key)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_mistake_says_what_is_wrong_and_what_to_do(kind: Mistake, language: str) -> None:
    assert kind.severity in Severity
    with translation.override(language):
        for text in (str(kind.text), str(kind.advice)):
            assert text
            assert language == "en" or any("\u4e00" <= letter <= "\u9fff" for letter in text), text


def test_texts_with_a_percent_sign_in_the_value_are_told() -> None:
    problem = Problem("choice.unknown", value="50%", params=(("allowed", "100%"),))
    assert "50%" in problem.text
    assert "100%" in problem.advice
