"""Members from a workbook: the roster of form d.1 and what offices make of it.

A blank cell says nothing and leaves what is stored, except in the column of party positions: a roster that has it is
complete, so that who stands down by leaving the cell empty does.
"""

from orgs.importers.members.columns import COLUMNS, DAYS, KINDS, PLAIN_FIELDS, SHOWN, STATUSES
from orgs.importers.members.reading import members_plan

__all__ = ["COLUMNS", "DAYS", "KINDS", "PLAIN_FIELDS", "SHOWN", "STATUSES", "members_plan"]
