"""Django's admin as an application of ours: another site, and nothing in it but our models."""

from django.contrib.admin.apps import AdminConfig as StockAdminConfig


class AdminConfig(StockAdminConfig):
    """Stands in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "helpdesk.admin_site.Site"

    def ready(self) -> None:
        """Take out what libraries put in.

        Second factors are secrets, groups and addresses would be ways around our own pages.
        """
        super().ready()
        from django.contrib.admin import site  # noqa: PLC0415 - needs the applications loaded

        ours = {"tickets", "sla", "integrations"}
        foreign = [model for model in site._registry if model._meta.app_label not in ours]
        for model in foreign:
            site.unregister(model)
