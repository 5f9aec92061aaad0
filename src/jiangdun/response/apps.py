from django.apps import AppConfig


class ResponseConfig(AppConfig):
    name = "jiangdun.response"
    label = "response"
    default_auto_field = "django.db.models.BigAutoField"
