from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "orgs"

    def ready(self) -> None:
        self._register_menu()
        self._register_parts()
        from orgs import cards, chronicle, importing, membership
        from orgs.registrations import register_leadership

        membership.register()
        importing.register()
        chronicle.register()
        cards.register()
        register_leadership()

    def _register_menu(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu
        from orgs.services.passwords import may_set_policy

        menu.register(
            Entry(
                "organization",
                "organization",
                _("Party organizations"),
                "organization_list",
                "sitemap",
                Cap.ORG_VIEW,
                order=10,
                also=("leadership",),
            )
        )
        menu.register(
            Entry("member", "organization", _("Party members"), "member_list", "users", Cap.MEMBER_VIEW, order=20)
        )
        menu.register(
            Entry("import", "organization", _("Import from Excel"), "import_upload", "table-import", Cap.MEMBER_IMPORT)
        )
        menu.register(
            Entry("code", "organization", _("Help with signing in"), "code_member_list", "lifebuoy", Cap.ACCOUNT_CODE)
        )
        menu.register(
            Entry(
                "policy",
                "administration",
                _("Rules of signing in"),
                "policy_edit",
                "shield-lock",
                Cap.SIGN_IN_POLICY,
                order=30,
                when=may_set_policy,
            )
        )
        menu.register(
            Entry(
                "user",
                "administration",
                _("Accounts"),
                "user_list",
                "user-cog",
                Cap.ACCOUNT_MANAGE,
                order=10,
                also=("account", "code"),
            )
        )
        menu.register(Entry("role", "administration", _("Roles"), "role_list", "key", Cap.ROLE_GRANT, order=20))

    def _register_parts(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.desk import TileSource, desk
        from campaign.jobs.registry import JobKind, kinds
        from orgs import desk as tiles
        from orgs.services import code_sheets

        desk.register(TileSource("orgs.secretaries", tiles.tiles))
        desk.register(TileSource("orgs.accounts", tiles.account_tiles))
        kinds.register(JobKind(code_sheets.JOB, _("Make one-time codes"), code_sheets.sheet_run, code_sheets.job_check))
        desk.register(TileSource("orgs.roles", tiles.role_tiles))
        desk.register(TileSource("orgs.deputies", tiles.deputy_tiles))
