"""A table as its importer declares it: columns in, checked rows and all problems out.

    COLUMNS = (
        Column("name", "姓名", required=True, converter=person_name()),
        Column("organization", "所在党组织", aliases=("党支部",), required=True, converter=label()),
        Column("phone", "联系电话", aliases=("手机",), personal=True, converter=phone()),
    )
    table = parse(open_workbook(upload), COLUMNS)
    for row in table:
        if "organization" in row and row["organization"] not in known:
            table.report(row, "organization", UNKNOWN_ORGANIZATION)
    if table.problems.errors: ...

Rows come one by one, or column by column (`table.read_all()`), which for many rows is several times as fast;
`table.problems` is complete when the last one was read. `parse` itself raises nothing: what is wrong with sheets and
headings stands in `table.problems` like the rest.
"""

from campaign.common.excel.schema.columns import CELL_MISSING, Column, Read
from campaign.common.excel.schema.records import ParsedRow, Records, row_of_no_sheet
from campaign.common.excel.schema.rows import LINE_PASSED
from campaign.common.excel.schema.table import ParsedTable, fits, parse

__all__ = [
    "CELL_MISSING",
    "LINE_PASSED",
    "Column",
    "ParsedRow",
    "ParsedTable",
    "Read",
    "Records",
    "fits",
    "parse",
    "row_of_no_sheet",
]
