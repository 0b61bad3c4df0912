import campaign.common.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('campaign', '0001_initial'), ('campaign', '0002_initial'), ('campaign', '0003_stage_version'), ('campaign', '0004_free_ranges')]

    initial = True

    dependencies = [
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('code', models.CharField(max_length=30, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('theme', models.CharField(blank=True, max_length=200, verbose_name='theme')),
                ('goals', models.TextField(blank=True, verbose_name='goals')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='orgs.organization', verbose_name='held by')),
                ('template', models.CharField(blank=True, max_length=30, verbose_name='template')),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('ends_on', models.DateField(verbose_name='ends on')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('running', 'Running'), ('closed', 'Closed')], default='running', max_length=10, verbose_name='state')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'ordering': ('-starts_on', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'running', 'closed'])), name='campaign_state'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='campaign_dates')],
            },
        ),
        migrations.CreateModel(
            name='CampaignStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stages', to='campaign.campaign', verbose_name='campaign')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('focus', models.CharField(blank=True, max_length=300, verbose_name='focus')),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('ends_on', models.DateField(verbose_name='ends on')),
            ],
            options={
                'verbose_name': 'campaign stage',
                'ordering': ('campaign', 'order'),
                'constraints': [models.UniqueConstraint(fields=('campaign', 'order'), name='stage_order'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='stage_dates')],
            },
        ),
        migrations.CreateModel(
            name='StageAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='campaign.campaignstage')),
                ('action', models.CharField(choices=[('pledge', 'Pledge'), ('appraise', 'Appraise pledges'), ('review', 'Leader review'), ('evaluate', 'Mass evaluation'), ('nominate', 'Nominate for awards'), ('decide', 'Decide awards')], max_length=10)),
            ],
            options={
                'verbose_name': 'allowed action',
                'constraints': [models.CheckConstraint(condition=models.Q(('action__in', ['pledge', 'appraise', 'review', 'evaluate', 'nominate', 'decide'])), name='stage_action'), models.UniqueConstraint(fields=('stage', 'action'), name='stage_action_once')],
            },
        ),
        migrations.CreateModel(
            name='Standard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='standards', to='campaign.campaign')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='campaign.standard')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12, verbose_name='for')),
                ('code', models.CharField(max_length=30, verbose_name='code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
            ],
            options={
                'verbose_name': 'standard',
                'ordering': ('campaign', 'order'),
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['organization', 'member'])), name='standard_audience'), models.UniqueConstraint(fields=('campaign', 'code'), name='standard_code')],
            },
        ),
        migrations.CreateModel(
            name='Period',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='periods', to='campaign.campaign', verbose_name='campaign')),
                ('code', models.CharField(max_length=12, verbose_name='code')),
                ('kind', models.CharField(choices=[('month', 'Month'), ('quarter', 'Quarter'), ('half_year', 'Half-year'), ('year', 'Year'), ('range', 'Days of its own')], max_length=10, verbose_name='kind')),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('ends_on', models.DateField(verbose_name='ends on')),
                ('state', models.CharField(choices=[('open', 'Open'), ('closed', 'Closed'), ('frozen', 'Frozen')], default='open', max_length=6, verbose_name='state')),
            ],
            options={
                'verbose_name': 'period',
                'ordering': ('campaign', 'starts_on', 'kind'),
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['month', 'quarter', 'half_year', 'year', 'range'])), name='period_kind'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'closed', 'frozen'])), name='period_state'), models.UniqueConstraint(fields=('campaign', 'code'), name='period_code'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='period_dates')],
            },
        ),
    ]
