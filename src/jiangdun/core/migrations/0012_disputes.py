"""Disputes."""

from django.db import migrations, models

import jiangdun.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0011_kinds_of_account"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject", models.CharField(max_length=160)),
                ("field", models.CharField(max_length=64)),
                ("owner", models.CharField(max_length=64)),
                ("claim", models.CharField(max_length=1000)),
                ("raised_by", models.CharField(max_length=64)),
                ("raised_agency", models.CharField(max_length=64)),
                ("raised_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("state", models.CharField(max_length=9)),
                ("answer", models.CharField(default="", max_length=1000)),
                ("answered_by", models.CharField(default="", max_length=64)),
                ("answered_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("overdue_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner", "state"], name="core_dispute_owner"),
                    models.Index(fields=["raised_agency", "state"], name="core_dispute_raised"),
                    models.Index(fields=["subject"], name="core_dispute_subject"),
                ],
            },
        ),
    ]
