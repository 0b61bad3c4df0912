"""What people do with organizations, members, accounts and roles."""

from orgs.services.accounts import (
    code_issue,
    user_activate,
    user_create,
    user_deactivate,
    user_reset_password,
    user_unlock,
    user_update,
)
from orgs.services.accounts_many import accounts_create, users_create_for_members
from orgs.services.code_sheets import code_sheet_delete, code_sheet_request, part_print, sheet_open, sheet_store
from orgs.services.delegations import delegation_act, delegation_end, delegation_give, delegation_rest
from orgs.services.imports import (
    import_annotated,
    import_apply,
    import_check,
    import_upload,
    plan_of,
    plan_store,
)
from orgs.services.members import member_create, member_update
from orgs.services.one_time import NewPassword
from orgs.services.organizations import (
    organization_create,
    organization_elect,
    organization_extend_term,
    organization_update,
)
from orgs.services.passwords import (
    password_change,
    password_choose,
    password_set_by_link,
    policy_update,
    reset_link_ask,
)
from orgs.services.roles import role_end, role_grant
from orgs.services.sessions import session_record, sessions_end, sessions_end_others
from orgs.services.structure import (
    organization_activate,
    organization_deactivate,
    organization_merge,
    organization_move,
    organization_split,
)
from orgs.services.two_factor import (
    recovery_codes_renew,
    two_factor_disable,
    two_factor_enable,
    two_factor_reset,
)

__all__ = [
    "NewPassword",
    "accounts_create",
    "code_issue",
    "code_sheet_delete",
    "code_sheet_request",
    "delegation_act",
    "delegation_end",
    "delegation_give",
    "delegation_rest",
    "import_annotated",
    "import_apply",
    "import_check",
    "import_upload",
    "member_create",
    "member_update",
    "organization_activate",
    "organization_create",
    "organization_deactivate",
    "organization_elect",
    "organization_extend_term",
    "organization_merge",
    "organization_move",
    "organization_split",
    "organization_update",
    "part_print",
    "password_change",
    "password_choose",
    "password_set_by_link",
    "plan_of",
    "plan_store",
    "policy_update",
    "recovery_codes_renew",
    "reset_link_ask",
    "role_end",
    "role_grant",
    "session_record",
    "sessions_end",
    "sessions_end_others",
    "sheet_open",
    "sheet_store",
    "two_factor_disable",
    "two_factor_enable",
    "two_factor_reset",
    "user_activate",
    "user_create",
    "user_deactivate",
    "user_reset_password",
    "user_unlock",
    "user_update",
    "users_create_for_members",
]
