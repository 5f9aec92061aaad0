"""Why a member left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0008_annex_acts"),
    ]

    operations = [
        migrations.AddField(
            model_name="seat",
            name="left_why",
            field=models.CharField(default="", max_length=300),
        ),
    ]
