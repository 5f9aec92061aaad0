"""Persons, and what is known of them, sealed."""

import django.db.models.deletion
from django.db import migrations, models

import jiangdun.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("agency", models.CharField(max_length=64)),
                ("purpose", models.CharField(max_length=80)),
                ("hidden_from", models.JSONField(default=list)),
                ("wrapped", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("keep_until", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["keep_until"], name="core_person_keep")],
            },
        ),
        migrations.CreateModel(
            name="PersonValue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=24)),
                ("sealed", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("changed_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="values", to="core.person"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["digest"], name="core_personvalue_digest")],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "kind"), name="core_personvalue_once")
                ],
            },
        ),
    ]
