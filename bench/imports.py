"""How long a roster of members takes, beside the least that any program would need:
`python -m bench.imports [--rows N] [--json]`.

`members` is the import as a whole: the job that reads the workbook, checks every cell, compares it with the database and
keeps what it understood, and the job that stores it to the last row, with history and audit log. A person looks at the
preview in between. `check` and `store` are the two alone.

The floor of all three reads the same workbook with calamine and puts the rows that the import has stored into a twin of
the table of members (same columns, types, constraints, foreign key and indexes): by COPY on PostgreSQL
(`BENCH_DATABASE_URL`), by bulk_create on SQLite. It gets these rows ready-made, so it converts, checks, compares,
encrypts and logs nothing, and knows no history. `bare` is the same with texts in a table without any index, for comparison.
Product and floor run in processes of their own, so that `peak` is each one's memory: of both jobs.
"""

import argparse
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

HEADINGS = (
    "序号", "姓名", "性别", "民族", "出生日期", "身份证号", "籍贯", "学历", "学位", "参加工作时间", "入党时间", "转正时间",
    "人员类别", "所在党组织", "所在党小组", "党内职务", "行政职务", "岗位", "专业技术职称", "是否一线", "是否党务工作者",
    "联系电话", "党籍状态", "备注",
)  # fmt: skip
PER_BRANCH, PER_COMMITTEE = 20, 50
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万覃武钱戴严莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文红梅云海波宁斌辉鹏飞凤洁琳晨阳宇浩然子轩"
    "梓涵思远雨桐佳怡嘉欣俊豪博文天翔雪松柏林森山川河流春夏秋冬东南西北"
)
WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
    '"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="党员花名册" sheetId="1" '
    'r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    parser.add_argument("--part", choices=("ours", "floor"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(measured(options.part, options.rows, options.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="bench-imports-") as folder:
        write_roster(Path(folder) / "roster.xlsx", options.rows)
        ours, floor = (measured_apart(part, options.rows, folder) for part in ("ours", "floor"))
        report(floor, ours, options.rows, as_json=options.json)


def measured_apart(part: str, rows: int, folder: str) -> dict[str, float]:
    """Return what a process of its own measured."""
    database = os.environ.get("BENCH_DATABASE_URL", "")
    environment = {**os.environ, "DATA_DIR": f"{folder}/data", "DATABASE_URL": database}
    environment["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
    command = [sys.executable, "-m", "bench.imports", "--part", part, "--rows", str(rows), "--folder", folder]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(part: str, rows: int, folder: Path) -> dict[str, float]:
    import django

    Path(os.environ["DATA_DIR"]).mkdir(exist_ok=True)
    django.setup()
    times = ours(folder / "roster.xlsx", rows) if part == "ours" else floor(folder / "roster.xlsx")
    return {**times, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


# -- the workbook ---------------------------------------------------------------------------------------------------


def write_roster(path: Path, rows: int) -> None:
    """Write a roster as offices do: title, unit line, heading, dates as text in several spellings, a note below."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, xml in WORKBOOK.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{xml}')
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            sheet.write(head.encode())
            for number, cells in enumerate(roster(rows), start=1):
                sheet.write(row_xml(number, cells).encode())
            sheet.write(b"</sheetData></worksheet>")


def row_xml(number: int, cells: tuple[str, ...]) -> str:
    written = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
        for place, text in enumerate(cells)
        if text
    )
    return f'<row r="{number}">{written}</row>'


def roster(rows: int) -> Iterator[tuple[str, ...]]:
    yield ("党员花名册",)
    yield ("填报单位：中共华岭集团委员会", "", "", "填报日期：2026年10月8日")
    yield HEADINGS
    chance = random.Random(7)
    for number in range(rows):
        yield person(number, chance)
    yield ("注：身份证号为文本格式。",)


def person(number: int, chance: random.Random) -> tuple[str, ...]:
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
    year, month, day = chance.randint(1955, 1998), chance.randint(1, 12), chance.randint(1, 28)
    stem = f"{110101 + number // 500:06d}{year}{month:02d}{day:02d}{number % 500 * 2 + 1:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(stem, weights, strict=True)) % 11]
    return (
        str(number + 1), name, "男", "汉", f"{year}.{month:02d}.{day:02d}", stem + check,
        chance.choice(("河北唐山", "山东济宁", "辽宁抚顺")), chance.choice(("大专", "本科", "研究生", "高中")), "",
        f"{year + 22}年{month}月{day}日", f"{year + 25}{month:02d}{day:02d}", f"{year + 26}/{month}/{day}", "正式党员",
        f"第{number // PER_BRANCH + 1}党支部", f"第{number % 3 + 1}党小组", "", "", chance.choice(("采矿工", "电工", "会计")),
        "", chance.choice(("是", "√", "否")), "否", f"1{3_000_000_000 + number}", "正常", "",
    )  # fmt: skip


# -- the floor ------------------------------------------------------------------------------------------------------


def floor(path: Path) -> dict[str, float]:
    """Seconds to read the workbook with calamine and to store its rows: in a twin of the product's table, and in a bare one."""
    from orgs.models import Member

    twin, bare = twin_of(Member), bare_table(len(HEADINGS))
    names = [field.attname for field in Member._meta.concrete_fields if not field.generated]
    stored = [list(values) for values in Member.objects.order_by("pk").values_list(*names)]
    began = time.perf_counter()
    written = list(records(path))
    read = time.perf_counter() - began
    return {"floor": read + loaded(twin, names, stored), "bare": read + loaded(bare, list(HEADINGS_BARE), written)}


HEADINGS_BARE = tuple(f"c{place}" for place in range(len(HEADINGS)))


def twin_of(model: Any) -> Any:
    """Make an empty table like that of `model`: columns, constraints and indexes under other names."""
    fields = {field.name: field.clone() for field in model._meta.concrete_fields}
    for field in fields.values():
        if field.is_relation:
            field.remote_field.related_name = "+"
    named: dict[str, list[Any]] = {}
    for kind in ("indexes", "constraints"):
        named[kind] = [one.clone() for one in getattr(model._meta, kind)]
        for one in named[kind]:
            one.name = f"t_{one.name}"[:30]
    return made("bench_twin", fields, **named)


def bare_table(width: int) -> Any:
    from django.db import models

    return made("bench_bare", {name: models.TextField() for name in HEADINGS_BARE[:width]})


def made(table: str, fields: dict[str, Any], **options: Any) -> Any:
    from django.db import connection, models

    meta = type("Meta", (), {"app_label": "bench", "db_table": table, **options})
    model = type(table, (models.Model,), {**fields, "Meta": meta, "__module__": __name__})
    with connection.schema_editor() as schema:
        schema.create_model(model)
    return model


def records(path: Path) -> Iterator[list[str]]:
    import python_calamine

    sheet = python_calamine.load_workbook(path).get_sheet_by_index(0)
    for row in sheet.iter_rows():
        yield [str(cell) for cell in row]


def loaded(model: Any, names: list[str], rows: list[list[Any]]) -> float:
    """Seconds to store rows: written as text by COPY, or as instances by bulk_create."""
    from django.db import connection, transaction

    if connection.vendor != "postgresql":
        began = time.perf_counter()
        instances = (model(**dict(zip(names, row, strict=True))) for row in rows)
        model.objects.bulk_create(instances, batch_size=999 // len(names))
        return time.perf_counter() - began
    columns = ",".join(model._meta.get_field(name).column for name in names)
    texts = [["\\N" if value is None else str(value) for value in row] for row in rows]
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        lines = io.StringIO("".join(["\t".join(row) + "\n" for row in texts]))
        cursor.cursor.copy_expert(f"COPY {model._meta.db_table} ({columns}) FROM STDIN", lines)
    return time.perf_counter() - began


# -- the product ----------------------------------------------------------------------------------------------------


def ours(path: Path, rows: int) -> dict[str, float]:
    """Seconds of the two jobs, for a group in which nobody is enrolled yet."""
    from django.core.checks import run_checks
    from django.core.files import File
    from django.core.management import call_command

    from campaign.jobs.models import Job
    from orgs.models import Member
    from orgs.services import import_apply, import_upload

    call_command("migrate", verbosity=0)
    run_checks()  # as a worker does when it starts; it loads the addresses
    actor, root = make_group(rows)
    began = time.perf_counter()
    with path.open("rb") as source:
        batch = import_upload(actor=actor, kind="members", organization=root, file=File(source, "roster.xlsx"))
    check = time.perf_counter() - began if batch.job is None else run(batch.job)
    batch.refresh_from_db()
    if batch.state != "checked":
        sys.exit("; ".join(str(fold) for fold in batch.folds[:3]))
    store = run(import_apply(batch=batch, actor=actor).job)
    if Member.objects.count() != rows or Job.objects.exclude(state="succeeded").exists():
        sys.exit("the import did not store what the workbook holds")
    return {"check": check, "store": store}


def make_group(rows: int) -> tuple[Any, Any]:
    """Load committees and branches in bulk; returns somebody who may import for all of them, and the root."""
    from orgs.models import Organization, RoleAssignment, User

    branches = -(-rows // PER_BRANCH)
    root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "集团党委", "type": "committee"})
    committees = [
        Organization(
            code=f"C{place}", name=f"第{place + 1}党委", type="committee", depth=2, path=path_below(root.path, place),
            numchild=PER_COMMITTEE,
        )
        for place in range(-(-branches // PER_COMMITTEE))
    ]  # fmt: skip
    leaves = [
        Organization(
            code=f"B{place}", name=f"第{place + 1}党支部", type="branch", depth=3,
            path=path_below(committees[place // PER_COMMITTEE].path, place % PER_COMMITTEE),
        )
        for place in range(branches)
    ]  # fmt: skip
    Organization.objects.bulk_create(committees + leaves, batch_size=1000)
    Organization.objects.filter(pk=root.pk).update(numchild=len(committees))
    actor = User.objects.create(username="office", name="office", organization=root)
    RoleAssignment.objects.create(user=actor, role="office", organization=root)
    return actor, root


def path_below(path: str, place: int) -> str:
    """Return the path of child number `place` (from 0), as the tree itself would write it: four digits to the base 36."""
    digits, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return path + digits.rjust(4, "0")


def run(job: Any) -> float:
    """Run a job and return its seconds."""
    from campaign.jobs.services import job_run

    began = time.perf_counter()
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    if job.state != "succeeded":
        sys.exit(job.message)
    return time.perf_counter() - began


def report(floor: dict[str, float], ours: dict[str, float], size: int, *, as_json: bool) -> None:
    seconds = {"members": ours["check"] + ours["store"], "check": ours["check"], "store": ours["store"]}
    if not as_json:
        print(f"{'imports':<10}{'rows':>10}{'seconds':>10}{'floor':>10}{'ratio':>8}{'bare':>10}")
    for name, value in seconds.items():
        ratio = value / floor["floor"]
        if as_json:
            found: dict[str, Any] = {"name": f"imports.{name}", "size": size, "value": value, "unit": "s"}
            found |= {"floor": floor["floor"], "ratio": ratio, "bare": floor["bare"]}
            print(json.dumps(found))
        else:
            print(f"{name:<10}{size:>10}{value:>10.3f}{floor['floor']:>10.3f}{ratio:>8.1f}{floor['bare']:>10.3f}")
    if as_json:
        found = {"name": "imports.peak_memory", "size": size, "value": ours["peak"], "unit": "MB"}
        print(json.dumps({**found, "floor": floor["peak"], "ratio": ours["peak"] / floor["peak"]}))
    else:
        print(f"peak memory: {ours['peak']:.0f} MB (floor {floor['peak']:.0f} MB)")


if __name__ == "__main__":
    main()
