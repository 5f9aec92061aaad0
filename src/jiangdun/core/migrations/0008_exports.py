"""Exports."""

from django.db import migrations, models

import jiangdun.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_unmasking"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mark", models.BigIntegerField(unique=True)),
                ("what", models.CharField(max_length=32)),
                ("filters", models.JSONField(default=dict)),
                ("account_id", models.UUIDField()),
                ("person", models.CharField(max_length=64)),
                ("agency", models.CharField(max_length=64)),
                ("purpose", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=400)),
                ("state", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField()),
                ("expected", models.PositiveIntegerField()),
                ("decided_by", models.CharField(default="", max_length=64)),
                ("decided_at", models.DateTimeField(null=True)),
                ("refusal", models.CharField(default="", max_length=400)),
                ("done", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(null=True)),
                ("owners", models.JSONField(default=dict)),
                ("annexes", models.JSONField(default=list)),
                ("sha256", models.CharField(default="", max_length=64)),
                ("size", models.BigIntegerField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("downloads", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(default="", max_length=64)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "asked_at"], name="core_export_person"),
                    models.Index(fields=["state", "asked_at"], name="core_export_state"),
                    models.Index(fields=["asked_at"], name="core_export_asked"),
                ],
            },
        ),
    ]
