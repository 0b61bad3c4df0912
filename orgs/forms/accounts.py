"""Forms of accounts and passwords."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.forms import Form, ModelForm, RemoteSelect, VersionMixin, dress
from orgs.models import CodePurpose, Member, Organization, OrganizationQuerySet, SignInPolicy, User


class LoginForm(AuthenticationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account name, personnel number or phone")
        self.error_messages = {
            **self.error_messages,
            "invalid_login": _(
                "Account name or password is not right. After five failures the account is locked for a while."
            ),
        }
        dress(self)


class NewPasswordForm(Form):
    """A new password, typed twice. The rules stand above the fields before anything is typed (`rules`)."""

    new_password = forms.CharField(
        label=_("new password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    repeated = forms.CharField(
        label=_("new password once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = [text for text in password_validators_help_texts() if text]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "repeated" in cleaned and cleaned.get("new_password") != cleaned["repeated"]:
            self.add_error("repeated", _("The two new passwords are not the same. Type them again."))
        return cleaned


class PasswordForm(NewPasswordForm):
    old_password = forms.CharField(
        label=_("present password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False
    )
    field_order = ("old_password", "new_password", "repeated")


class ForgottenForm(Form):
    name = forms.CharField(label=_("Account name, personnel number or phone"), max_length=60)


class TokenForm(Form):
    """The code that the generator shows, or a recovery code."""

    token = forms.CharField(
        label=_("six digits, or a recovery code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}),
    )


class FirstTokenForm(TokenForm):
    """The first code that the generator shows: there are no recovery codes yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].label = _("six digits")


class PresentPasswordForm(Form):
    password = forms.CharField(
        label=_("present password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False
    )


class PolicyForm(VersionMixin, ModelForm):
    class Meta:
        model = SignInPolicy
        fields = (
            "min_length", "kinds", "history", "max_days", "code_days", "reset_hours", "lock_failures", "lock_minutes",
            "address_failures",
        )  # fmt: skip
        help_texts = {
            "kinds": _("Of capital letters, small letters, digits and other characters."),
            "history": _("0: any may be used again."),
            "max_days": _("0: it need not be changed."),
            "code_days": _("Codes on sheets and of new accounts."),
            "address_failures": _(
                "So many accounts failing from one address lock it, until they get in; 0: addresses are never locked. "
                "Raise it where many people share an address."
            ),
        }


class CodeSheetForm(Form):
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("Organization with all below"),
        widget=RemoteSelect("organization_search"),
    )
    purpose = forms.ChoiceField(label=_("For whom"), choices=CodePurpose.choices, initial=CodePurpose.NEW)

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]


class UserForm(Form):
    name = forms.CharField(label=pgettext_lazy("person", "name"), max_length=60)
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("party organization"),
        widget=RemoteSelect("organization_search"),
        help_text=_("Where the person works for. Rights come from roles, which the security administrator grants."),
    )
    email = forms.EmailField(label=_("mail"), required=False)

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]


class UserCreateForm(UserForm):
    username = forms.CharField(
        label=_("account name"), max_length=60, required=False, help_text=_("Leave empty to have one made.")
    )
    personnel_no = forms.CharField(
        label=_("personnel number"),
        max_length=30,
        required=False,
        help_text=_("Of the member who gets the account; leave empty for somebody who is no member."),
    )
    field_order = ("name", "personnel_no", "organization", "username", "email")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        number, field = cleaned.pop("personnel_no", ""), self.fields["organization"]
        cleaned["member"] = None
        if number:
            places: Any = field.queryset  # type: ignore[attr-defined]
            cleaned["member"] = Member.objects.filter(personnel_no=number, organization__in=places).first()
            if cleaned["member"] is None:
                self.add_error("personnel_no", _("There is no member with this personnel number."))
            elif cleaned["member"].name != cleaned.get("name"):
                # Naming both keeps a mistyped number from giving a stranger somebody's account.
                self.add_error("personnel_no", _("The member with this personnel number has another name."))
        return cleaned
