"""What people do with organizations, members, accounts and roles."""

from orgs.services.accounts import (
    NewPassword,
    password_change,
    session_record,
    user_activate,
    user_create,
    user_deactivate,
    user_reset_password,
    user_update,
)
from orgs.services.accounts_many import users_create_for_members
from orgs.services.imports import (
    import_annotated,
    import_apply,
    import_check,
    import_upload,
    plan_of,
    plan_store,
)
from orgs.services.members import member_create, member_update
from orgs.services.organizations import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_update,
)
from orgs.services.roles import role_end, role_grant

__all__ = [
    "NewPassword",
    "import_annotated",
    "import_apply",
    "import_check",
    "import_upload",
    "member_create",
    "member_update",
    "organization_activate",
    "organization_create",
    "organization_deactivate",
    "organization_update",
    "password_change",
    "plan_of",
    "plan_store",
    "role_end",
    "role_grant",
    "session_record",
    "user_activate",
    "user_create",
    "user_deactivate",
    "user_reset_password",
    "user_update",
    "users_create_for_members",
]
