"""Cases of the pages that belong to no part: home, gallery, language, health."""

from tests.permissions.cases import Case, case

case("home", Case())
case("gallery", Case())
for name in ("admin_login", "admin_password", "admin_logout"):
    case(name, Case(sent_on=lambda _actor, _at: True))
# Everybody keeps and meets their own drafts alone (tests/campaign/test_drafts.py).
case("draft", Case(arguments={"key": "pledge:1"}, payload={"fields": "[]"}))
case("set_language", Case(payload={"language": "zh-hans"}, changes=False))  # a cookie
# No worker and no scheduler runs in the test: the page says so, to everybody.
case("healthz", Case(status=503))
