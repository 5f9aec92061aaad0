from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "jiangdun.watch"
    label = "watch"
    default_auto_field = "django.db.models.BigAutoField"
