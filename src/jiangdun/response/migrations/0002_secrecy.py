"""How sensitive an incident is, and what lists that are limited to some agencies' incidents read by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("response", "0001_tables")]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="secrecy",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["owner", "-t0"], name="incident_of_owner"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["-t0", "-number"], name="incident_newest"),
        ),
    ]
