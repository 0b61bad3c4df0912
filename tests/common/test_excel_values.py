"""Converters: every way in which people write a value gives the same clean one, everything else a mistake with a code."""

import datetime as dt
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from campaign.common.excel import values
from campaign.common.excel.problems import MISTAKES
from campaign.common.excel.values import CellError, Convert, Raw, Reading
from tests.common.rosters import SPELLINGS, TODAY, make_id

pytestmark = pytest.mark.one_database

READING = Reading(today=TODAY)
PAST_DAYS = st.dates(min_value=dt.date(1900, 1, 1), max_value=TODAY)


def mistake_of(converter: Convert[Any], raw: Raw) -> str:
    with pytest.raises(CellError) as caught:
        converter(raw, READING)
    assert str(caught.value.kind.text) % {"value": raw, "header": "列", **caught.value.params}
    assert MISTAKES.get(caught.value.kind.key) is caught.value.kind
    return caught.value.kind.key


# -- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["", "  ", "\u3000", "—", "－", "-", "无", " 无 ", "/", "N/A", "\n", "——", " " * 20]
)
def test_marks_for_nothing_are_blank(written: str) -> None:
    assert values.is_blank(written)


@pytest.mark.parametrize("written", ["无锡", "0", "否", "-1", "×", 0.0, False, "是"])
def test_what_says_something_is_not_blank(written: Raw) -> None:
    assert not values.is_blank(written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("戴欣庆", "戴欣庆"),
        ("姓 名", "姓名"),
        ("张\u3000三", "张三"),
        (" 欧阳\n娜 ", "欧阳娜"),
        ("阿不都•热合曼", "阿不都·热合曼"),
        ("Anna  Smith", "Anna Smith"),
        ("张\u200b三", "张三"),
    ],
)
def test_names_lose_blanks_where_chinese_stands(written: str, name: str) -> None:
    assert values.person_name()(written, READING) == name


@pytest.mark.parametrize("written", ["123", "。", "？？"])
def test_a_name_without_letters_is_none(written: str) -> None:
    assert mistake_of(values.person_name(), written) == "name.without_letters"


def test_too_long_a_name_is_refused() -> None:
    assert values.person_name(max_length=3)("张三丰", READING) == "张三丰"
    assert mistake_of(values.person_name(max_length=3), "张三丰丰") == "text.too_long"


@settings(deadline=None)
@given(st.text())
def test_free_text_keeps_all_that_can_be_seen(written: str) -> None:
    kept = values.text(max_length=10_000)(written, READING)
    assert kept == kept.strip()
    printable = "".join(
        letter for letter in written if letter in string.printable and not letter.isspace() and letter >= " "
    )
    assert [letter for letter in kept if letter in printable] == list(printable)


def test_text_keeps_lines_and_full_width_signs_and_numbers_lose_their_point() -> None:
    assert values.text()("一、（甲）\r\n二", READING) == "一、（甲）\n二"
    assert values.text()(3.0, READING) == "3"
    assert values.text()("=1+1", READING) == "=1+1"
    assert values.label()(" 东山铝业公司 采掘一区党支部\u3000", READING) == "东山铝业公司采掘一区党支部"
    assert values.label()("Party  Branch", READING) == "Party Branch"


# -- dates ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(PAST_DAYS)
def test_all_spellings_of_a_day_are_the_same_day(day: dt.date) -> None:
    convert = values.date()
    spellings: list[Raw] = [spelling.format(day) for spelling in SPELLINGS]
    spellings += [
        f"{day.year}-{day.month}-{day.day}",
        f" {day.year} 年 {day.month} 月 {day.day} 号",
        f"{day.year}．{day.month}．{day.day}",
        f"{day} 00:00:00",
        day,
        dt.datetime.combine(day, dt.time(8)),
        float(f"{day:%Y%m%d}"),
    ]
    assert {convert(spelling, READING) for spelling in spellings} == {day}


@settings(deadline=None)
@given(st.dates(min_value=dt.date(1928, 1, 1), max_value=TODAY))
def test_day_numbers_of_excel_are_days(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    assert values.date()(float(serial), READING) == values.date()(str(serial), READING) == day


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1990.13.01", "date.impossible"),
        ("2023-02-29", "date.impossible"),
        ("20230230", "date.impossible"),
        ("2031-01-01", "date.future"),
        ("2026年10月9日", "date.future"),
        ("1899-12-31", "date.too_early"),
        ("1990年5月", "date.incomplete"),
        ("1990", "date.incomplete"),
        (1990.0, "date.incomplete"),
        ("199005", "date.incomplete"),
        ("83.9.9", "date.unknown"),
        ("昨天", "date.unknown"),
        (True, "date.unknown"),
        (dt.time(8), "date.unknown"),
        (12.5, "date.unknown"),
        ("2026-1-1-1", "date.unknown"),
    ],
)
def test_what_is_no_day_is_told_apart(written: Raw, code: str) -> None:
    assert mistake_of(values.date(), written) == code


def test_a_day_ahead_is_good_only_where_the_column_allows_it() -> None:
    assert values.date()(TODAY, READING) == TODAY
    assert values.date(future=True)("2031-01-01", READING) == dt.date(2031, 1, 1)
    assert mistake_of(values.date(), TODAY + dt.timedelta(days=1)) == "date.future"


@pytest.mark.parametrize(
    "written",
    ["1975.03", "1975-3", "1975/03", "197503", "1975年3月", 1975.03, "1975-03-01", dt.date(1975, 3, 20), 197503.0],
)
def test_months(written: Raw) -> None:
    assert values.year_month()(written, READING) == dt.date(1975, 3, 1)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (1975.1, "month.ambiguous"),
        ("1975.13", "date.impossible"),
        ("1975", "month.unknown"),
        ("三月", "month.unknown"),
        ("2026.11", "date.future"),
    ],
)
def test_what_is_no_month(written: Raw, code: str) -> None:
    assert mistake_of(values.year_month(), written) == code


def test_october_as_text_is_october() -> None:
    assert values.year_month()("1975.10", READING) == dt.date(1975, 10, 1)
    assert values.year_month()("1975.1", READING) == dt.date(1975, 1, 1)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("一九八〇年十月二十一日", dt.date(1980, 10, 21)),
        ("二零零五年十二月三十日", dt.date(2005, 12, 30)),
        ("一九九九年一月十一日", dt.date(1999, 1, 11)),
        ("二〇〇一年二月三十日", None),
        ("二〇〇一年十三月一日", None),
    ],
)
def test_days_in_the_numerals_of_documents(written: str, day: dt.date | None) -> None:
    if day is None:
        assert mistake_of(values.date(), written) == "date.impossible"
    else:
        assert values.date()(written, READING) == day


# -- yes and no, choices, numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["是", "√", "✓", "Y", "y", "YES", "1", 1.0, True, "有", "Ｙ", "是的", "是。", "✅", "■", "1.0"]
)
def test_yes(written: Raw) -> None:
    assert values.yes_no()(written, READING) is True


@pytest.mark.parametrize(
    "written", ["否", "×", "N", "no", "0", 0.0, False, "不是", "X", "否，", "✖", "╳", "❌", "□", "非", "没"]
)
def test_no(written: Raw) -> None:
    assert values.yes_no()(written, READING) is False


def test_neither_yes_nor_no() -> None:
    assert mistake_of(values.yes_no(), "也许") == "yes_no.unknown"
    assert values.yes_no(blank=False).blank is False
    assert values.yes_no().blank is None


KIND = values.choice({"full": ("正式党员", "正式"), "probationary": ("预备党员", "预备")})


@pytest.mark.parametrize(("written", "kind"), [("正式", "full"), (" 正 式 党员", "full"), ("预备", "probationary")])
def test_choices_know_their_other_names(written: str, kind: str) -> None:
    assert KIND(written, READING) == kind


def test_an_unknown_choice_says_what_is_possible() -> None:
    with pytest.raises(CellError) as caught:
        KIND("群众代表", READING)
    assert caught.value.params == {"allowed": "正式党员、预备党员"}


@pytest.mark.parametrize(
    ("written", "group"), [("汉", "汉族"), ("汉族", "汉族"), ("土家", "土家族"), ("乌孜别克族", "乌孜别克族")]
)
def test_half_written_ethnic_groups(written: str, group: str) -> None:
    assert values.ethnic_group()(written, READING) == group


def test_an_unknown_ethnic_group_gets_the_similar_ones() -> None:
    assert len(set(values.ETHNIC_GROUPS)) == 56
    with pytest.raises(CellError) as caught:
        values.ethnic_group()("蒙族", READING)
    assert "蒙古族" in str(caught.value.params["allowed"])


@settings(deadline=None)
@given(st.integers(0, 999_999))
def test_whole_numbers_in_all_spellings(number: int) -> None:
    convert = values.integer()
    assert {convert(raw, READING) for raw in (number, float(number), str(number), f"{number:,}", f" {number}.00")} == {
        number
    }


@pytest.mark.parametrize(
    ("written", "code"),
    [("十", "integer.unknown"), (1.5, "integer.unknown"), (True, "integer.unknown"), (-1.0, "integer.range")],
)
def test_what_is_no_whole_number(written: Raw, code: str) -> None:
    assert mistake_of(values.integer(), written) == code


# -- phones and id numbers -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_in_all_spellings(digits: str) -> None:
    spaced = f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    spellings: list[Raw] = [
        digits,
        float(digits),
        int(digits),
        spaced,
        spaced.replace(" ", "-"),
        f"+86 {spaced}",
        f"'{digits}",
    ]
    assert {values.phone()(spelling, READING) for spelling in spellings} == {digits}


@pytest.mark.parametrize(
    ("written", "number"),
    [("0512-63981234", "0512-63981234"), ("(0512)63981234", "0512-63981234"), ("63981234", "63981234")],
)
def test_landlines(written: str, number: str) -> None:
    assert values.phone()(written, READING) == number
    assert mistake_of(values.phone(mobile_only=True), written) == "phone.unknown"


@pytest.mark.parametrize("written", ["1330466543", "12345678901", "13304665439/13402720815", "张三", 1.5])
def test_what_is_no_phone(written: Raw) -> None:
    assert mistake_of(values.phone(), written) == "phone.unknown"


@settings(deadline=None)
@given(st.dates(min_value=dt.date(1920, 1, 1), max_value=TODAY), st.integers(0, 999))
def test_a_right_id_number_passes_and_any_wrong_digit_is_found(born: dt.date, serial: int) -> None:
    number = make_id(born, serial)
    assert values.id_number()(f" {number.lower()} ", READING) == number
    assert values.birth_in(number) == born
    assert values.is_male(number) == (serial % 2 == 1)
    for place in range(17):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert mistake_of(values.id_number(), wrong) in {"id.check_digit", "id.birth", "id.as_number"}


def test_digits_that_excel_lost_are_told_as_such_unless_the_number_is_right() -> None:
    lost = make_id(dt.date(1980, 3, 13), 121)[:15] + "000"
    assert mistake_of(values.id_number(), lost) == "id.as_number"
    days = (make_id(dt.date(1980, month, day), 700) for month in range(1, 13) for day in range(1, 29))
    right = next(number for number in days if number.endswith("000"))
    assert values.id_number()(right, READING) == right


def test_id_numbers_are_never_checked_by_region() -> None:
    stem = "99999919800101001"
    number = stem + ric.calc_check_digit(stem + "0")
    assert values.id_number()(number, READING) == number


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (1.101051967120161e17, "id.as_number"),
        ("1.10105E+17", "id.as_number"),
        ("1.101051967120161E+017", "id.as_number"),
        ("110105196712016", "id.length"),
        ("1101051967120161234", "id.length"),
        ("11010519671301616X", "id.birth"),
        ("110105203112016161", "id.birth"),
        ("1101051967120161AB", "id.characters"),
    ],
)
def test_what_is_no_id_number(written: Raw, code: str) -> None:
    assert mistake_of(values.id_number(), written) == code


def test_sex_and_birth_are_held_against_the_id_number() -> None:
    born = dt.date(1970, 1, 2)
    number = make_id(born, 101)
    assert values.identity_conflicts(number, male=True, born=born) == []
    assert values.identity_conflicts(number, male=None, born=None) == []
    assert values.identity_conflicts(number, male=False, born=born) == [values.ID_OTHER_SEX]
    assert values.identity_conflicts(number, male=True, born=dt.date(1970, 1, 3)) == [values.ID_OTHER_BIRTH]
