from django.db import migrations, models

from campaign.common.text import SURNAMES, found_by

BATCH = 2_000


def fill_in(apps, _schema_editor):
    """Give accounts what they are found and sorted by; members and workers too where a surname has its own reading."""
    begins = models.Q()
    for surname in SURNAMES:
        begins |= models.Q(name__startswith=surname)
    _fill(apps.get_model("orgs", "User").objects.all())
    _fill(apps.get_model("orgs", "Member").objects.filter(begins))
    _fill(apps.get_model("orgs", "Worker").objects.filter(begins))


def _fill(people):
    last = 0
    while part := list(people.filter(pk__gt=last).order_by("pk").only("name")[:BATCH]):
        for one in part:
            for field, value in found_by(one.name).items():
                setattr(one, field, value)
        people.model.objects.bulk_update(part, ["pinyin", "initials"], batch_size=200)
        last = part[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0012_leaner_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="initials",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="user",
            name="pinyin",
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["pinyin", "id"], name="user_roll"),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop, elidable=True),
    ]
