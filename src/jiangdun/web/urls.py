"""Addresses: the REST interface, the board's page, and a plain word for everything else."""

from __future__ import annotations

from django.urls import path, re_path

from . import install, pages
from .api import api

urlpatterns = [
    path("api/", api.urls),
    re_path(r"^api(?:/.*)?$", pages.no_such_api),
    path("", pages.board),
    path("login", pages.board),
    path("install/", install.page),
    path("install/<str:name>", install.page),
]
handler400 = "jiangdun.web.pages.bad_request"
handler404 = "jiangdun.web.pages.not_found"
handler500 = "jiangdun.web.pages.failed"
