from django.apps import AppConfig


class AllianceConfig(AppConfig):
    name = "jiangdun.alliance"
    label = "alliance"
    default_auto_field = "django.db.models.BigAutoField"
