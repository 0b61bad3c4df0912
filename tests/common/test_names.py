"""Names: what a person is found and sorted by."""

import pytest

from campaign.common.text import found_by


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("张三", "zhang san", "zs"),
        ("曾毅", "zeng yi", "zy"),  # else "ceng": nobody looks for it there
        ("单雄信", "shan xiong xin", "sxx"),
        ("单于丹", "chan yu dan", "cyd"),
        ("欧阳重", "ou yang zhong", "oyz"),
        ("仇", "qiu", "q"),
        ("重阳", "chong yang", "cy"),
        ("", "", ""),
        ("Anna 王", "anna  wang", "anna w"),
    ],
)
def test_a_person_is_found_by_the_name_as_it_is_read(name: str, pinyin: str, initials: str) -> None:
    assert found_by(name) == {"pinyin": pinyin, "initials": initials}
