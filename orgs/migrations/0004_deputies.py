import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import campaign.common.clock


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0003_history_transfers_leadership_workers'),
    ]

    operations = [
        migrations.AddField(
            model_name='roleassignment',
            name='is_interim',
            field=models.BooleanField(default=False, help_text='Does the work until somebody is appointed.', verbose_name='acting holder'),
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('starts_on', models.DateField(default=campaign.common.clock.today, verbose_name='from')),
                ('ends_on', models.DateField(verbose_name='until')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('ended_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='taken back at')),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='delegations', to='orgs.roleassignment', verbose_name='role handed over')),
                ('deputy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deputyships', to=settings.AUTH_USER_MODEL, verbose_name='deputy')),
                ('ended_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'deputyship',
                'verbose_name_plural': 'deputyships',
            },
        ),
        migrations.AddIndex(
            model_name='delegation',
            index=models.Index(fields=['deputy', 'ends_on'], name='delegation_deputy'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='delegation_dates'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='delegation_reason'),
        ),
    ]
