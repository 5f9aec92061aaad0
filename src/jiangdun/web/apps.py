from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "jiangdun.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import sessions  # noqa: F401  (its parameter is there for the command line, too)
