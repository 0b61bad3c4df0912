import campaign.common.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('audit', '0001_initial'), ('audit', '0002_initial'), ('audit', '0003_on_behalf'), ('audit', '0004_leaner_indexes')]

    initial = True

    dependencies = [
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=campaign.common.clock.now, verbose_name='time')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('actor_name', models.CharField(blank=True, max_length=150, verbose_name='name of the person')),
                ('on_behalf_of', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='on whose behalf')),
                ('on_behalf_name', models.CharField(blank=True, max_length=150, verbose_name='name of whom the person acted for')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='network address')),
                ('action', models.CharField(max_length=60, verbose_name='action')),
                ('target_type', models.CharField(blank=True, max_length=60, verbose_name='kind of object')),
                ('target_id', models.CharField(blank=True, max_length=40, verbose_name='object')),
                ('target_name', models.CharField(blank=True, max_length=200, verbose_name='name of the object')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('changes', models.JSONField(default=dict, verbose_name='changes')),
            ],
            options={
                'verbose_name': 'audit entry',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['target_type', 'target_id'], name='audit_target'), models.Index(fields=['action', 'id'], name='audit_action'), models.Index(condition=models.Q(('on_behalf_of', None), _negated=True), fields=['on_behalf_of'], name='audit_on_behalf')],
            },
        ),
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('position', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='link', to='audit.auditentry')),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'link of the audit chain',
            },
        ),
    ]
