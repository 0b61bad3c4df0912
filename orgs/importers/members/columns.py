"""The columns of a roster of members: form d.1, with the other names and spellings that offices use."""

from typing import Any

from campaign.common.excel.schema import Column
from campaign.common.excel.values import (
    CellError,
    Convert,
    Raw,
    Reading,
    choice,
    date,
    ethnic_group,
    id_number,
    label,
    or_masked,
    person_name,
    phone,
    squeezed,
    text,
    year_month,
    yes_no,
)
from orgs.importers.posts import party_posts
from orgs.models import MembershipKind, MembershipStatus, Sex


def _digits(max_length: int) -> Convert[str]:
    """A code: no blanks, 1024.0 → 1024."""
    return Convert(lambda raw, _reading: squeezed(raw)[:max_length], blank="")


def _date_or_month() -> Convert[Any]:
    """A day, or a month as its first day: that is how starting work is written in most rosters."""
    day, month = date(), year_month()

    def convert(raw: Raw, reading: Reading) -> Any:
        try:
            return day(raw, reading)
        except CellError:
            return month(raw, reading)

    return Convert(convert)


EDUCATIONS = {"大本": "大学本科", "专科": "大学专科", "硕研": "硕士研究生", "博研": "博士研究生"}
"""Half-written levels; any other is kept as it is written."""


def _education() -> Convert[str]:
    plain = label(20)
    return Convert(lambda raw, reading: EDUCATIONS.get(written := plain(raw, reading), written), blank="")


KINDS = {
    MembershipKind.FULL: ("正式党员", "正式", "中共党员", "中共正式党员"),
    MembershipKind.PROBATIONARY: ("预备党员", "预备", "中共预备党员"),
}
STATUSES = {
    MembershipStatus.NORMAL: ("正常", "在册", "正常党籍"),
    MembershipStatus.LOST_CONTACT: ("失联", "失去联系"),
    MembershipStatus.SUSPENDED: ("停止党籍", "停止", "留党察看"),
    MembershipStatus.LEFT: ("已转出", "转出", "出党"),
    MembershipStatus.DECEASED: ("已去世", "去世", "死亡"),
}

COLUMNS = (
    Column("name", "姓名", ("党员姓名",), required=True, converter=person_name()),
    Column("sex", "性别", converter=choice({Sex.MALE: ("男", "男性", "M", "1"), Sex.FEMALE: ("女", "女性", "F", "2")})),
    Column("ethnicity", "民族", ("民 族",), converter=ethnic_group(), clears=True),
    Column("birth_date", "出生日期", ("生日", "出生年月日"), converter=date(), clears=True),
    Column("birth_month", "出生年月", converter=year_month()),
    Column(
        "id_number",
        "身份证号",
        (
            "身份证号码",
            "公民身份号码",
            "居民身份证号",
            "居民身份证号码",
            "身份证件号码",
            "身份证",
            "证件号码",
            "证件号",
        ),
        personal=True,
        converter=or_masked(id_number()),
    ),
    Column("native_place", "籍贯", converter=label(60), clears=True),
    Column("education", "学历", ("文化程度", "学历层次"), converter=_education(), clears=True),
    Column("degree", "学位", converter=label(20), clears=True),
    Column(
        "started_work_on",
        "参加工作时间",
        ("参加工作日期", "工作时间", "参工时间"),
        converter=_date_or_month(),
        clears=True,
    ),
    Column(
        "joined_on",
        "入党时间",
        (
            "入党日期",
            "加入党组织日期",
            "加入党组织时间",
            "加入中共组织时间",
            "加入中国共产党时间",
            "入党年月日",
            "入党年月",
        ),
        converter=date(),
        clears=True,
    ),
    Column(
        "full_member_on",
        "转正时间",
        ("转正日期", "转为正式党员日期", "转为正式党员时间"),
        converter=date(),
        clears=True,
    ),
    Column("kind", "人员类别", ("党员类别", "党员类型", "人员类型"), converter=choice(KINDS)),
    Column(
        "organization",
        "所在党组织",
        (
            "所在党支部",
            "党支部",
            "所属党支部",
            "所属党组织",
            "所在支部",
            "所属支部",
            "支部",
            "党组织",
            "党支部名称",
            "支部名称",
            "党组织名称",
            "所在党支部名称",
            "所在支部名称",
            "所属支部名称",
            "所在党组织名称",
            "所属党组织名称",
            "组织关系所在党支部",
        ),
        required=True,
        converter=label(),
        in_title=True,
    ),
    Column("cell", "所在党小组", ("党小组",), converter=label(60), clears=True),
    Column("party_post", "党内职务", ("党内任职", "支部职务"), converter=party_posts(), clears=True),
    Column("admin_post", "行政职务", ("职务",), converter=label(60), clears=True),
    Column("job", "岗位", ("岗位/工种", "工种", "工作岗位", "岗位工种"), converter=label(60), clears=True),
    Column("technical_title", "专业技术职称", ("职称", "技术职称", "专业技术职务"), converter=label(60), clears=True),
    Column("is_frontline", "是否一线", ("是否一线党员", "一线", "是否在一线"), converter=yes_no()),
    Column("is_party_worker", "是否党务工作者", ("党务工作者",), converter=yes_no()),
    Column("is_mobile", "是否流动党员", ("流动党员", "是否流动", "是否为流动党员"), converter=yes_no()),
    Column(
        "phone",
        "联系电话",
        ("手机", "手机号", "手机号码", "移动电话", "本人电话", "电话", "电话号码", "联系方式"),
        personal=True,
        converter=or_masked(phone()),
        clears=True,
    ),
    Column("status", "党籍状态", ("状态",), converter=choice(STATUSES)),
    Column("personnel_no", "人员编号", ("工号", "员工编号", "职工编号", "党员编号"), converter=_digits(30)),
    Column("remarks", "备注", converter=text(200), clears=True),
)
SHOWN = ("sex", "organization", "id_number", "kind", "party_post")
PLAIN_FIELDS = (
    "name", "sex", "ethnicity", "birth_date", "native_place", "education", "degree", "started_work_on", "joined_on",
    "full_member_on", "kind", "cell", "party_post", "admin_post", "job", "technical_title", "is_frontline",
    "is_party_worker", "is_mobile", "phone", "status", "personnel_no", "remarks",
)  # fmt: skip
DAYS = frozenset({"birth_date", "started_work_on", "joined_on", "full_member_on"})
