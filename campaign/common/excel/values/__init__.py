"""Converters: one cell as people write it → a clean value, or a typed `CellError`.

A converter gets what the reader found in a cell that is not blank, and the `Reading` (the day of the reading), and
returns the clean value. It never guesses: what can mean two things is an error that says how to write it.
"""

from campaign.common.excel.values.choices import CHOICE_UNKNOWN, ETHNIC_GROUPS, choice, ethnic_group, integer, yes_no
from campaign.common.excel.values.converting import CellError, Convert, Converter, Raw, Reading
from campaign.common.excel.values.dates import DATE_FUTURE, date, year_month
from campaign.common.excel.values.personal import (
    ID_OTHER_BIRTH,
    ID_OTHER_SEX,
    Masked,
    birth_in,
    id_number,
    identity_conflicts,
    is_male,
    or_masked,
    phone,
)
from campaign.common.excel.values.texts import (
    NOT_WRITTEN,
    TEXT_TOO_LONG,
    chinese_letters,
    is_blank,
    label,
    mail,
    person_name,
    squeezed,
    text,
    tidy,
)

__all__ = [
    "CHOICE_UNKNOWN",
    "DATE_FUTURE",
    "ETHNIC_GROUPS",
    "ID_OTHER_BIRTH",
    "ID_OTHER_SEX",
    "NOT_WRITTEN",
    "TEXT_TOO_LONG",
    "CellError",
    "Convert",
    "Converter",
    "Masked",
    "Raw",
    "Reading",
    "birth_in",
    "chinese_letters",
    "choice",
    "date",
    "ethnic_group",
    "id_number",
    "identity_conflicts",
    "integer",
    "is_blank",
    "is_male",
    "label",
    "mail",
    "or_masked",
    "person_name",
    "phone",
    "squeezed",
    "text",
    "tidy",
    "year_month",
    "yes_no",
]
