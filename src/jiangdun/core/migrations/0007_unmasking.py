"""Who had values of a person shown in full, and why."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_persons"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unmasking",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person", models.CharField(max_length=64)),
                ("agency", models.CharField(max_length=64)),
                ("kinds", models.JSONField()),
                ("purpose", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unmaskings",
                        to="core.person",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "person", "until"], name="core_unmasking_open")],
            },
        ),
    ]
