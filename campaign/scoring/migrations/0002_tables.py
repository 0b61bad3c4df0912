import campaign.common.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('scoring', '0001_initial'), ('scoring', '0002_set_based'), ('scoring', '0003_marks'), ('scoring', '0004_freezing'), ('scoring', '0005_entries'), ('scoring', '0006_causes'), ('scoring', '0007_sheet_versions'), ('scoring', '0008_parts')]

    initial = True

    dependencies = [
        ('attachments', '0001_tables'),
        ('campaign', '0001_tables'),
        ('jobs', '0001_tables'),
        ('orgs', '0001_tables'),
        ('scoring', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='score_entries', to='campaign.campaign', verbose_name='campaign')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='score_entries', to='orgs.organization', verbose_name='party organization')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='score_entries', to='orgs.member', verbose_name='party member')),
                ('kind', models.CharField(choices=[('bonus', 'Bonus'), ('deduction', 'Deduction'), ('ceiling', 'Highest grade'), ('veto', 'Veto')], max_length=9, verbose_name='kind')),
                ('points', models.PositiveIntegerField(default=0, verbose_name='marks')),
                ('grade', models.CharField(blank=True, max_length=20, verbose_name='grade')),
                ('work', models.CharField(blank=True, max_length=100, verbose_name='work honoured')),
                ('happened_on', models.DateField(verbose_name='date')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('basis', models.CharField(max_length=200, verbose_name='evidence')),
                ('attachment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attachments.attachment', verbose_name='document')),
                ('state', models.CharField(choices=[('entered', 'Waiting for a second person'), ('confirmed', 'Confirmed'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='entered', max_length=9, verbose_name='state')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('origin', models.CharField(blank=True, editable=False, max_length=60)),
            ],
            options={
                'verbose_name': 'bonus, deduction or veto',
                'verbose_name_plural': 'bonuses, deductions and vetoes',
                'ordering': ('-happened_on', '-pk'),
                'indexes': [models.Index(fields=['campaign', 'happened_on'], name='score_entry_of_campaign')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['bonus', 'deduction', 'ceiling', 'veto'])), name='score_entry_kind'), models.CheckConstraint(condition=models.Q(('state__in', ['entered', 'confirmed', 'refused', 'withdrawn'])), name='score_entry_state'), models.UniqueConstraint(condition=models.Q(('origin', ''), _negated=True), fields=('campaign', 'origin'), name='score_entry_origin'), models.CheckConstraint(condition=models.Q(models.Q(('grade', ''), ('kind__in', ('bonus', 'deduction')), ('points__gt', 0), ('points__lte', 10000)), models.Q(('kind', 'ceiling'), ('points', 0), models.Q(('grade', ''), _negated=True)), models.Q(('grade', ''), ('kind', 'veto'), ('points', 0)), _connector='OR'), name='score_entry_worth'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), models.Q(('entered_by', models.F('decided_by')), _negated=True), _connector='OR'), name='score_entry_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'entered')), models.Q(models.Q(('state', 'entered'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='score_entry_decided')],
            },
        ),
        migrations.CreateModel(
            name='ScoreRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='score_runs', to='campaign.period', verbose_name='period')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='score_runs', to='orgs.organization', verbose_name='party organization')),
                ('place', models.CharField(editable=False, max_length=255)),
                ('kind', models.CharField(choices=[('full', 'Everything'), ('incremental', 'What was changed'), ('correction', 'Correction')], default='full', max_length=11, verbose_name='kind')),
                ('version', models.PositiveSmallIntegerField(default=1, verbose_name='version')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('as_of', models.DateTimeField(verbose_name='records as of')),
                ('state', models.CharField(choices=[('staging', 'Being computed'), ('waiting', 'Waiting for a second person'), ('published', 'Published'), ('unchanged', 'Nothing changed'), ('failed', 'Given up')], default='staging', max_length=9, verbose_name='state')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='digest')),
                ('counts', models.JSONField(default=dict)),
                ('causes', models.JSONField(default=dict)),
                ('job', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='score_run', to='jobs.job')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'score run',
                'verbose_name_plural': 'score runs',
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['period', 'state'], name='score_run_of_period')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['staging', 'waiting', 'published', 'unchanged', 'failed'])), name='score_run_state'), models.CheckConstraint(condition=models.Q(('kind__in', ['full', 'incremental', 'correction'])), name='score_run_kind'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('published', 'unchanged')), _negated=True), models.Q(('digest', ''), _negated=True), _connector='OR'), name='score_run_digest')],
            },
        ),
        migrations.CreateModel(
            name='ScorePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='scoring.scorerun')),
                ('low', models.CharField(max_length=255)),
                ('high', models.CharField(max_length=255)),
                ('least', models.PositiveSmallIntegerField()),
                ('most', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Being computed'), ('done', 'Done')], default='waiting', max_length=7)),
                ('holder', models.UUIDField(null=True)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveSmallIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'part of a score run',
                'ordering': ('pk',),
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done'])), name='score_part_state')],
            },
        ),
        migrations.CreateModel(
            name='PeriodScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='scoring.scorerun')),
                ('period', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='campaign.period', verbose_name='period')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='orgs.organization', verbose_name='party organization')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='orgs.member', verbose_name='party member')),
                ('sheet', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='scoring.scoresheet', verbose_name='score sheet')),
                ('place', models.CharField(max_length=255)),
                ('peers', models.CharField(blank=True, max_length=255)),
                ('base', models.PositiveIntegerField(null=True)),
                ('bonus_entered', models.PositiveIntegerField(default=0)),
                ('bonus', models.PositiveIntegerField(default=0, verbose_name='bonus')),
                ('deductions', models.PositiveIntegerField(default=0, verbose_name='deductions')),
                ('total', models.PositiveIntegerField(null=True, verbose_name='total')),
                ('grade', models.CharField(blank=True, max_length=20, verbose_name='grade')),
                ('vetoed', models.BooleanField(default=False, verbose_name='vetoed')),
                ('lines', models.TextField(default='')),
                ('replaces', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='replaced_by', to='scoring.periodscore')),
                ('removed', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'periodic score',
                'verbose_name_plural': 'periodic scores',
                'indexes': [models.Index(condition=models.Q(('member', None), _negated=True), fields=['organization'], name='score_of_members_of'), models.Index(condition=models.Q(('member', None)), fields=['period', 'sheet', 'peers', '-total'], name='score_peers'), models.Index(condition=models.Q(('replaces', None), _negated=True), fields=['replaces'], name='score_replaced')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('member', None)), fields=('organization', 'run'), name='score_once_per_organization'), models.UniqueConstraint(condition=models.Q(('member', None), _negated=True), fields=('member', 'run'), name='score_once_per_member'), models.CheckConstraint(condition=models.Q(models.Q(('base', None), ('total', None)), models.Q(('base__isnull', False), ('total__isnull', False)), _connector='OR'), name='score_or_none')],
            },
        ),
        migrations.CreateModel(
            name='ScoreTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='tallies', to='scoring.scorerun')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization')),
                ('above', models.BigIntegerField()),
                ('metric', models.CharField(max_length=60)),
                ('own_numerator', models.BigIntegerField()),
                ('own_denominator', models.BigIntegerField()),
                ('numerator', models.BigIntegerField()),
                ('denominator', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'tally of a figure',
                'indexes': [models.Index(fields=['above', 'metric'], name='score_tally_above')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'metric', 'run'), name='score_tally_once')],
            },
        ),
        migrations.CreateModel(
            name='ScoreFreeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='freezes', to='campaign.period', verbose_name='period')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.scorerun', verbose_name='score run')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('state', models.CharField(choices=[('requested', 'Waiting for a second person'), ('confirmed', 'Confirmed'), ('withdrawn', 'Withdrawn')], default='requested', max_length=9, verbose_name='state')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
            ],
            options={
                'verbose_name': 'request to freeze a period',
                'verbose_name_plural': 'requests to freeze periods',
                'ordering': ('-pk',),
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'confirmed', 'withdrawn'])), name='score_freeze_state'), models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('period',), name='score_freeze_one_request'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), models.Q(('requested_by', models.F('decided_by')), _negated=True), _connector='OR'), name='score_freeze_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='score_freeze_decided')],
            },
        ),
        migrations.CreateModel(
            name='ScoreSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seals', to='campaign.period')),
                ('version', models.PositiveSmallIntegerField()),
                ('freeze', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='scoring.scorefreeze')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('sealed_at', models.DateTimeField(default=campaign.common.clock.now)),
            ],
            options={
                'verbose_name': 'seal of frozen scores',
                'constraints': [models.UniqueConstraint(fields=('period', 'version'), name='score_seal_version')],
            },
        ),
        migrations.CreateModel(
            name='ScoreRank',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.period')),
                ('version', models.PositiveSmallIntegerField()),
                ('score', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ranks', to='scoring.periodscore')),
                ('rank', models.PositiveIntegerField(verbose_name='rank')),
                ('ranked', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'rank at freezing',
                'constraints': [models.UniqueConstraint(fields=('period', 'version', 'score'), name='score_rank_once')],
            },
        ),
    ]
