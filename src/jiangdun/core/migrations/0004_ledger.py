"""The access ledger: a table that refuses UPDATE and DELETE."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from jiangdun.core import triggers


def install(apps: Any, schema_editor: Any) -> None:
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=16)),
                ("person", models.CharField(max_length=64)),
                ("agency", models.CharField(max_length=64)),
                ("roles", models.CharField(max_length=200)),
                ("verb", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=160)),
                ("owner", models.CharField(max_length=64)),
                ("annexes", models.TextField()),
                ("purpose", models.CharField(max_length=80)),
                ("fields", models.TextField()),
                ("count", models.PositiveIntegerField()),
                ("allowed", models.BooleanField()),
                ("reason", models.CharField(max_length=64)),
                ("address", models.CharField(max_length=64)),
                ("algorithms", models.CharField(max_length=32)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("sm3", models.CharField(max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "number"], name="core_access_person"),
                    models.Index(fields=["subject", "number"], name="core_access_subject"),
                    models.Index(fields=["owner", "number"], name="core_access_owner"),
                    models.Index(fields=["agency", "number"], name="core_access_agency"),
                    models.Index(fields=["at"], name="core_access_at"),
                ],
            },
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
