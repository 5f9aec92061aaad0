"""Legal holds, and the nights of deletion."""

from django.db import migrations, models

import jiangdun.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_programs"),
    ]

    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("found", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("target", models.CharField(max_length=160)),
                ("reason", models.CharField(max_length=400)),
                ("held_by", models.CharField(max_length=64)),
                ("held_at", models.DateTimeField()),
                ("confirmed_by", models.CharField(default="", max_length=64)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("release_reason", models.CharField(default="", max_length=400)),
                ("release_by", models.CharField(default="", max_length=64)),
                ("release_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(default="", max_length=64)),
                ("released_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["released_at", "target"], name="core_hold_target")],
            },
        ),
    ]
