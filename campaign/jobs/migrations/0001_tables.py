import campaign.common.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('jobs', '0001_initial'), ('jobs', '0002_initial'), ('jobs', '0003_acting_through')]

    initial = True

    dependencies = [
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60, verbose_name='kind')),
                ('parameters', models.JSONField(default=dict)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('acting_through', models.PositiveBigIntegerField(editable=False, null=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Running'), ('succeeded', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='requested at')),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('lease_until', models.DateTimeField(null=True)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('step', models.CharField(blank=True, max_length=200, verbose_name='step')),
                ('done', models.PositiveBigIntegerField(default=0)),
                ('total', models.PositiveBigIntegerField(default=0)),
                ('message', models.TextField(blank=True, verbose_name='message')),
                ('figures', models.JSONField(default=dict)),
                ('result_url', models.CharField(blank=True, max_length=300)),
                ('file_path', models.CharField(blank=True, max_length=300)),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='file')),
                ('file_expires_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'background job',
                'ordering': ('-created_at',),
                'indexes': [models.Index(fields=['requested_by', '-created_at'], name='job_by_requester'), models.Index(condition=models.Q(('state__in', ('queued', 'running'))), fields=['lease_until'], name='job_active')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'succeeded', 'failed', 'cancelled'])), name='job_state')],
            },
        ),
    ]
