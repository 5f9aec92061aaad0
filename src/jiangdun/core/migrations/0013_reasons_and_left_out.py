"""Why seals were broken, and rows an export left out."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import jiangdun.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0012_disputes"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="left_out",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="EmergencyReason",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jiangdun.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("words", models.CharField(max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
