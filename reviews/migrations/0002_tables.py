import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('reviews', '0001_leader_review'), ('reviews', '0002_evaluation_rounds'), ('reviews', '0003_rounds_in_full'), ('reviews', '0004_round_without_roll_made'), ('reviews', '0005_appraisals'), ('reviews', '0006_appraisal_without_ballot')]

    initial = True

    dependencies = [
        ('attachments', '0001_tables'),
        ('reviews', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='reviews.secretaryreport')),
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attachments.attachment')),
            ],
            options={
                'verbose_name': 'file of a report',
                'ordering': ('pk',),
            },
        ),
    ]
