"""The description of the REST interface, the same bytes every time: `python -m jiangdun.web.openapi`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def schema() -> dict[str, Any]:
    """The OpenAPI document, as plain values."""
    from jiangdun.web.api import api

    described = api.get_openapi_schema(path_prefix="/api/")
    document: dict[str, Any] = json.loads(json.dumps(described, default=str))
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {
                "description": "What is wrong and what to do, in the asker's language",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
            }
    document["components"]["schemas"]["Refusal"] = _REFUSAL
    return document


def text() -> str:
    """The document as sorted, indented JSON."""
    return json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


_REFUSAL: dict[str, Any] = {
    "title": "Refusal",
    "type": "object",
    "required": ["code", "text", "next"],
    "properties": {
        "code": {"type": "string"},
        "text": {"type": "string"},
        "next": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "text"],
                "properties": {"where": {"type": "string"}, "text": {"type": "string"}},
            },
        },
    },
}


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
    django.setup()
    sys.stdout.write(text())
