"""Filters above the lists. Searches for people are posted, never in an address."""

from functools import partial
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError
from campaign.common.filters import Filters, search_box
from campaign.common.forms import RemoteSelect
from orgs.models import (
    Category,
    Delegation,
    ImportRow,
    Member,
    MembershipKind,
    MembershipStatus,
    Organization,
    OrganizationType,
    PartyPost,
    RoleAssignment,
    RowAction,
    User,
)
from orgs.oversight import EXPECTED, ending_soon, of_people_who_left
from orgs.places import by_term
from orgs.selectors import (
    called,
    members_matching,
    organizations_matching,
    users_by_state,
    users_matching,
    within,
    without_secretary,
)


def visible_organizations(request: Any) -> Any:
    return Organization.objects.visible_to(request.user)


class Below(django_filters.ModelChoiceFilter):
    """Narrows a list to an organization with all below it, which is chosen by typing. `place` is the field that leads to the
    organization; a list of organizations goes by their own place."""

    def __init__(self, place: str = "organization", **options: Any) -> None:
        options.setdefault("label", _("Organization with all below"))
        widget = RemoteSelect("organization_search")
        super().__init__(field_name=place, queryset=visible_organizations, widget=widget, **options)

    def filter(self, queryset: Any, organization: Organization | None) -> Any:
        return within(queryset, organization, self.field_name)


class OrganizationFilter(Filters):
    q = django_filters.CharFilter(
        label=_("Name or initials"), method="by_words", widget=search_box(_("Name, pinyin initials or code"))
    )
    type = django_filters.ChoiceFilter(label=_("type"), choices=OrganizationType.choices)
    category = django_filters.ChoiceFilter(label=_("category"), choices=Category.choices)
    term = django_filters.ChoiceFilter(
        label=_("term"),
        choices=[("over", _("has ended")), ("soon", _("ends within six months")), ("unknown", _("not entered"))],
        method="by_term",
    )
    state = django_filters.ChoiceFilter(
        label=_("state"), choices=[("active", _("active")), ("inactive", _("deactivated"))], method="by_state"
    )
    missing = django_filters.ChoiceFilter(
        label=_("What is missing"), choices=[("secretary", _("Branches without a secretary"))], method="by_missing"
    )

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return organizations_matching(queryset, words)

    def by_missing(self, queryset: Any, _name: str, _what: str) -> Any:
        return without_secretary(queryset)

    def by_term(self, queryset: Any, _name: str, state: str) -> Any:
        return by_term(queryset, state)

    def by_state(self, queryset: Any, _name: str, state: str) -> Any:
        return queryset.filter(is_active=state == "active")


FINDS_BY_ID_NUMBER = (Cap.MEMBER_MANAGE, Cap.PERSONAL_UNMASK)


MARKS = [
    ("is_frontline", _("Front-line member")),
    ("is_party_worker", _("Party-affairs worker")),
    ("is_mobile", _("Mobile member")),
    ("is_exempt", _("Exempt from pledging")),
]


class MemberFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=_("Name or number"),
        method="by_words",
        widget=search_box(_("Name, pinyin initials, last four digits of the phone")),
    )
    organization = Below()
    kind = django_filters.ChoiceFilter(label=_("membership"), choices=MembershipKind.choices)
    status = django_filters.ChoiceFilter(label=_("status"), choices=MembershipStatus.choices)
    party_post = django_filters.ChoiceFilter(label=_("party position"), choices=PartyPost.choices)
    mark = django_filters.ChoiceFilter(label=_("marked as"), choices=MARKS, method="by_mark")

    class Meta:
        model = Member
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request is not None and any(map(partial(holds, self.request.user), FINDS_BY_ID_NUMBER)):
            hint = _("Name, pinyin initials, last four digits of the phone, id number")
            self.form.fields["q"].widget.attrs["placeholder"] = hint

    def by_mark(self, queryset: Any, _name: str, mark: str) -> Any:
        return queryset.filter(**{mark: True})

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        try:
            return members_matching(queryset, words, self.request.user)
        except DomainError as error:
            if self.request.method == "GET":  # the answer to a posted search is a redirect to here
                messages.warning(self.request, str(error))
            return queryset.none()


class UserFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"),
        method="by_words",
        widget=search_box(_("Name, pinyin initials or account name")),
    )
    organization = Below()
    state = django_filters.ChoiceFilter(
        label=_("state"),
        choices=[
            ("active", _("active")),
            ("unused", _("not used yet")),
            ("expired", _("code has expired")),
            ("locked", _("locked")),
            ("two_factor", _("with a second factor")),
            ("inactive", _("deactivated")),
        ],
        method="by_state",
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return users_matching(queryset, words)

    def by_state(self, queryset: Any, _name: str, state: str) -> Any:
        return users_by_state(queryset, state)


class MemberAccountFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"), method="by_words", widget=search_box(_("Name or pinyin initials"))
    )
    used = django_filters.ChoiceFilter(
        label=_("state"), choices=[("no", _("not used yet")), ("yes", _("in use"))], method="by_use"
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        typed = "".join(words.split())
        return queryset.filter(
            Q(name__contains=typed) | Q(member__initials__begins=typed.lower()) | Q(username__iexact=typed)
        )

    def by_use(self, queryset: Any, _name: str, used: str) -> Any:
        return queryset.filter(one_time_code__isnull=used == "yes")


class RoleFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"),
        method="by_words",
        widget=search_box(_("Name, pinyin initials or account name")),
    )
    organization = Below()
    role = django_filters.ChoiceFilter(
        label=_("role"), choices=[(role.value, role.label) for role in Role if role != Role.MEMBER]
    )
    when = django_filters.ChoiceFilter(
        label=_("held"),
        choices=[
            ("now", _("today")),
            ("soon", _("ends within two weeks")),
            ("later", _("begins later")),
            ("left", _("by people who have left")),
            ("ended", _("ended")),
        ],
        method="by_time",
    )
    interim = django_filters.ChoiceFilter(
        label=_("manner"), choices=[("yes", _("acting holders")), ("no", _("appointed"))], method="by_manner"
    )

    class Meta:
        model = RoleAssignment
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return queryset.filter(called(words, "user__"))

    def by_time(self, queryset: Any, _name: str, when: str) -> Any:
        today = clock.today()
        if when == "soon":
            return ending_soon(queryset)
        if when == "left":
            return of_people_who_left(queryset)
        if when == "later":
            return queryset.filter(starts_on__gt=today)
        return queryset.on(today) if when == "now" else queryset.filter(ends_on__lt=today)

    def by_manner(self, queryset: Any, _name: str, manner: str) -> Any:
        return queryset.filter(is_interim=manner == "yes")


class VacancyFilter(Filters):
    q = django_filters.CharFilter(
        label=_("Name or initials"), method="by_words", widget=search_box(_("Name, pinyin initials or code"))
    )
    organization = Below()
    role = django_filters.ChoiceFilter(
        label=_("vacant role"), choices=[(role.value, role.label) for role in EXPECTED], method="by_role"
    )

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return organizations_matching(queryset, words)

    def by_role(self, queryset: Any, _name: str, role: str) -> Any:
        return queryset.filter(type__in=EXPECTED[Role(role)])


class DelegationFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"),
        method="by_words",
        widget=search_box(_("Holder or deputy: name or pinyin initials")),
    )
    organization = Below("assignment__organization")
    when = django_filters.ChoiceFilter(
        label=_("state"),
        choices=[("now", _("in force today")), ("later", _("begins later")), ("over", _("over"))],
        method="by_time",
    )

    class Meta:
        model = Delegation
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return queryset.filter(called(words, "assignment__user__") | called(words, "deputy__"))

    def by_time(self, queryset: Any, _name: str, when: str) -> Any:
        today = clock.today()
        if when == "now":
            return queryset.in_force(today)
        if when == "later":
            return queryset.standing().filter(starts_on__gt=today)
        return queryset.filter(Q(ends_on__lt=today) | Q(ended_at__isnull=False) | Q(assignment__ends_on__lt=today))


class ImportRowFilter(Filters):
    """Rows of an import; names are personal."""

    personal: ClassVar[bool] = True

    q = django_filters.CharFilter(
        label=_("Name"), field_name="name", lookup_expr="contains", widget=search_box(_("Name"))
    )
    action = django_filters.ChoiceFilter(label=_("What happens"), choices=RowAction.choices)

    class Meta:
        model = ImportRow
        fields = ("q", "action")
