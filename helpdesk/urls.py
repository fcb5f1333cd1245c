"""Mounts the front ends."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path, re_path

from helpdesk.accounts import evened
from helpdesk.unsubscribe import mail_stop

account_urls = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    # Says that admins make accounts.
    path("signup/", account.signup, name="account_signup"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", evened(account.password_reset), name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("mfa/", include("allauth.mfa.urls")),
]

urlpatterns = [
    path("account/", include(account_urls)),
    path("admin/", admin.site.urls),
    path("hooks/", include("integrations.urls")),
    path("mail/stop/<str:token>/", mail_stop, name="mail-stop"),
    path("", include("helpdesk.staff.urls")),
]
