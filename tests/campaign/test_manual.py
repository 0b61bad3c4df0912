"""The manual's tables say what the code does."""

from django.core.management import call_command


def test_the_tables_of_roles_and_states_are_up_to_date() -> None:
    call_command("manual_tables", check=True)
