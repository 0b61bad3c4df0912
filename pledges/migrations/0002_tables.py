import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('pledges', '0001_initial'), ('pledges', '0002_summary_and_supervision'), ('pledges', '0003_reviewing_and_display'), ('pledges', '0004_evidence'), ('pledges', '0005_rules_version'), ('pledges', '0006_summary_mark')]

    initial = True

    dependencies = [
        ('attachments', '0001_tables'),
        ('pledges', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProgressEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('progress', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='pledges.pledgeprogress')),
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attachments.attachment')),
            ],
            options={
                'verbose_name': 'evidence of progress',
                'ordering': ('pk',),
            },
        ),
    ]
