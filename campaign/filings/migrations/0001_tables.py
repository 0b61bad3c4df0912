import campaign.common.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('filings', '0001_plans')]

    initial = True

    dependencies = [
        ('attachments', '0001_tables'),
        ('campaign', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImplementationPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='campaign.campaign', verbose_name='campaign')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='orgs.organization', verbose_name='party organization')),
                ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans_received', to='orgs.organization', verbose_name='filed with')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('summary', models.TextField(blank=True, max_length=5000, verbose_name='summary')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('filed', 'Filed'), ('accepted', 'Accepted'), ('returned', 'Returned'), ('withdrawn', 'Withdrawn')], default='draft', max_length=10, verbose_name='state')),
                ('filed_at', models.DateTimeField(blank=True, null=True, verbose_name='filed at')),
                ('filed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='filed by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('return_reason', models.CharField(blank=True, max_length=500, verbose_name='reason of the return')),
            ],
            options={
                'verbose_name': 'implementation plan',
                'verbose_name_plural': 'implementation plans',
                'ordering': ('organization__path', 'pk'),
                'indexes': [models.Index(fields=['receiver', 'state'], name='plan_receiver_state')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'filed', 'accepted', 'returned', 'withdrawn'])), name='plan_state'), models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('campaign', 'organization'), name='plan_one_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('filed', 'accepted', 'returned')), _negated=True), ('filed_at__isnull', False), _connector='OR'), name='plan_filed_at'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('accepted', 'returned')), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='plan_decided_at')],
            },
        ),
        migrations.CreateModel(
            name='PlanAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='filings.implementationplan')),
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attachments.attachment')),
            ],
            options={
                'verbose_name': 'file of an implementation plan',
                'ordering': ('pk',),
            },
        ),
    ]
