"""Made-up people and organizations. Everything follows from one random generator: same seed, same group."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from stdnum.cn import ric

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
MALE = "伟强磊军勇杰涛明超刚平辉鹏华飞斌宇浩亮波宁志建国庆峰松林海山"
FEMALE = "芳娜敏静丽艳娟霞秀英玲燕红梅兰婷洁慧莉萍雪琳云珍凤琴欣怡"
ETHNIC = ("汉族",) * 17 + ("满族", "回族", "壮族")
EDUCATION = ("高中", "中专", "大专", "大专", "大学本科", "大学本科", "研究生")
JOBS = (
    "采矿工",
    "电解工",
    "维修电工",
    "化验员",
    "调度员",
    "安全员",
    "质检员",
    "班组长",
    "工程师",
    "会计",
    "驾驶员",
    "车间主任",
)
REGIONS = ("110105", "130203", "140105", "150202", "230103", "320584", "370303", "410102", "450102", "530103")
PLACES = (
    "东岭",
    "西川",
    "南屏",
    "北岭",
    "青川",
    "白石",
    "云溪",
    "金沙",
    "龙潭",
    "长岗",
    "清江",
    "凤台",
    "石门",
    "双桥",
    "大洼",
    "松林",
)
TRADES = ("铝业", "电力", "机械", "矿业", "物流", "建安", "材料", "碳素")
SHOPS = (
    "采掘一区", "采掘二区", "选矿车间", "机电车间", "运输车间", "电解一车间", "电解二车间", "铸造车间", "动力车间",
    "检修车间", "质检中心", "技术中心", "供应部", "销售部", "财务部", "综合办公室", "安全环保部", "人力资源部",
)  # fmt: skip
ROOT_NAME = "中共华岭矿业集团有限公司委员会"


@dataclass(frozen=True)
class Person:
    """A made-up member, as a roster row has it."""

    name: str
    sex: str
    ethnicity: str
    birth_date: dt.date
    id_number: str
    education: str
    started_work_on: dt.date
    joined_on: dt.date
    full_member_on: dt.date | None
    job: str
    phone: str
    is_frontline: bool


@dataclass(frozen=True)
class Size:
    """How large the group is: companies below the committee, branches in each, members in each branch."""

    companies: int
    branches: int
    members: int


SIZES = {"s": Size(3, 5, 20), "m": Size(8, 25, 25), "l": Size(40, 100, 25)}


def company_name(place: int) -> str:
    """Return the name of company number `place`; the first 128 are all different."""
    region, trade = PLACES[place % len(PLACES)], TRADES[(place + place // len(PLACES)) % len(TRADES)]
    return f"{region}{trade}"


def branch_name(company: str, place: int) -> str:
    shop = SHOPS[place % len(SHOPS)]
    round_ = place // len(SHOPS)
    return f"{company}公司{f'{round_ + 1}分厂' if round_ else ''}{shop}党支部"


def people(chance: random.Random, today: dt.date) -> Iterator[Person]:
    """Give people without end, no two with the same id number or phone."""
    taken: set[str] = set()
    for number in count(1):
        person = _person(chance, today, number)
        if person.id_number not in taken:
            taken.add(person.id_number)
            yield person


def _person(chance: random.Random, today: dt.date, number: int) -> Person:
    male = chance.random() < 0.68
    birth = today - dt.timedelta(days=chance.randint(24 * 365, 59 * 365))
    started = min(birth.replace(day=1, month=7, year=birth.year + chance.randint(18, 23)), today)
    joined = started + dt.timedelta(days=chance.randint(365, 3000))
    joined = min(joined, today - dt.timedelta(days=chance.randint(30, 700)))
    full = dt.date(joined.year + 1, joined.month, min(joined.day, 28))
    given = MALE if male else FEMALE
    return Person(
        name=chance.choice(SURNAMES) + chance.choice(given) + (chance.choice(given) if chance.random() < 0.7 else ""),
        sex="male" if male else "female",
        ethnicity=chance.choice(ETHNIC),
        birth_date=birth,
        id_number=id_number(chance.choice(REGIONS), birth, number, male=male),
        education=chance.choice(EDUCATION),
        started_work_on=started,
        joined_on=joined,
        full_member_on=full if full <= today else None,
        job=chance.choice(JOBS),
        phone=f"{chance.choice(('130', '133', '135', '136', '137', '139'))}{number:08d}",
        is_frontline=chance.random() < 0.6,
    )


def id_number(region: str, birth: dt.date, number: int, *, male: bool) -> str:
    """Return an id number with a right check digit; made up, in a serial range counted by `number`."""
    serial = (number * 2 + male) % 1000
    stem = f"{region}{birth:%Y%m%d}{serial:03d}"
    return stem + ric.calc_check_digit(f"{stem}0")
