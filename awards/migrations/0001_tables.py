import campaign.common.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('awards', '0001_award_batches')]

    initial = True

    dependencies = [
        ('campaign', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='AwardBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='award_batches', to='campaign.campaign', verbose_name='campaign')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='award_batches', to='orgs.organization', verbose_name='held by')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('opens_on', models.DateField(verbose_name='nominations from')),
                ('closes_on', models.DateField(verbose_name='nominations until')),
                ('state', models.CharField(choices=[('draft', 'In preparation'), ('open', 'Nominations open'), ('closed', 'Nominations closed'), ('announced', 'Announced')], default='draft', max_length=10, verbose_name='state')),
                ('announced_on', models.DateField(editable=False, null=True, verbose_name='announced on')),
            ],
            options={
                'verbose_name': 'award batch',
                'verbose_name_plural': 'award batches',
                'ordering': ('-opens_on', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'open', 'closed', 'announced'])), name='award_batch_state'), models.CheckConstraint(condition=models.Q(('closes_on__gte', models.F('opens_on'))), name='award_batch_dates'), models.CheckConstraint(condition=models.Q(models.Q(('announced_on__isnull', False), ('state', 'announced')), models.Q(models.Q(('state', 'announced'), _negated=True), ('announced_on', None)), _connector='OR'), name='award_batch_announced')],
            },
        ),
        migrations.CreateModel(
            name='AwardCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='awards.awardbatch', verbose_name='award batch')),
                ('kind', models.CharField(choices=[('excellent_member', 'Excellent Communist Party member'), ('excellent_worker', 'Excellent party-affairs worker'), ('advanced_organization', 'Advanced grass-roots party organization'), ('benchmark_member', 'Benchmark member'), ('benchmark_branch', 'Benchmark branch')], max_length=24, verbose_name='kind')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12, verbose_name='for')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('quota', models.PositiveSmallIntegerField(verbose_name='quota')),
                ('approved', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='approved')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
            ],
            options={
                'verbose_name': 'award category',
                'verbose_name_plural': 'award categories',
                'ordering': ('batch', 'order'),
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['excellent_member', 'excellent_worker', 'advanced_organization', 'benchmark_member', 'benchmark_branch'])), name='award_category_kind'), models.CheckConstraint(condition=models.Q(('audience__in', ['organization', 'member'])), name='award_category_audience'), models.UniqueConstraint(fields=('batch', 'kind'), name='award_category_once'), models.CheckConstraint(condition=models.Q(('approved__lte', models.F('quota'))), name='award_category_quota')],
            },
        ),
        migrations.CreateModel(
            name='Nomination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='awards.awardbatch', verbose_name='award batch')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='awards.awardcategory', verbose_name='award category')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations_made', to='orgs.organization', verbose_name='nominated by')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='orgs.member', verbose_name='party member')),
                ('nominee_organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='orgs.organization', verbose_name='party organization')),
                ('deeds', models.TextField(blank=True, verbose_name='account of deeds')),
                ('snapshot', models.JSONField(default=dict, editable=False, verbose_name='record at the time of nomination')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('nominated', 'Nominated'), ('approved', 'Approved'), ('rejected', 'Not approved'), ('awarded', 'Awarded'), ('withdrawn', 'Withdrawn')], default='draft', max_length=16, verbose_name='state')),
                ('nominated_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('nominated_at', models.DateTimeField(editable=False, null=True, verbose_name='nominated at')),
                ('decided_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='decided at')),
                ('decision', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason of the decision')),
            ],
            options={
                'verbose_name': 'nomination',
                'verbose_name_plural': 'nominations',
                'ordering': ('category__order', 'organization__path', 'pk'),
                'indexes': [models.Index(fields=['batch', 'state'], name='nomination_of_batch')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'nominated', 'approved', 'rejected', 'awarded', 'withdrawn'])), name='nomination_state'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'member'), ('member__isnull', False)), models.Q(('audience', 'organization'), ('member__isnull', True)), _connector='OR'), name='nomination_nominee'), models.CheckConstraint(condition=models.Q(('state__in', ('draft', 'withdrawn')), models.Q(('nominated_at__isnull', False), ('nominated_by__isnull', False), models.Q(('deeds', ''), _negated=True)), _connector='OR'), name='nomination_complete'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ('approved', 'rejected', 'awarded'))), models.Q(models.Q(('state__in', ('approved', 'rejected', 'awarded')), _negated=True), ('decided_at', None), ('decided_by', None)), _connector='OR'), name='nomination_decided'), models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('nominated_by')), _negated=True), _connector='OR'), name='nomination_two_people'), models.UniqueConstraint(condition=models.Q(('audience', 'member'), ('state__in', ('nominated', 'approved', 'awarded'))), fields=('batch', 'member'), name='nomination_of_member_once'), models.UniqueConstraint(condition=models.Q(('audience', 'organization'), ('state__in', ('nominated', 'approved', 'awarded'))), fields=('batch', 'nominee_organization'), name='nomination_of_organization_once'), models.UniqueConstraint(condition=models.Q(('audience', 'member'), ('state', 'draft')), fields=('category', 'organization', 'member'), name='nomination_draft_of_member'), models.UniqueConstraint(condition=models.Q(('audience', 'organization'), ('state', 'draft')), fields=('category', 'organization', 'nominee_organization'), name='nomination_draft_of_organization')],
            },
        ),
        migrations.CreateModel(
            name='Honour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='honours', to='awards.awardbatch', verbose_name='award batch')),
                ('nomination', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='honour', to='awards.nomination')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='honours', to='orgs.member', verbose_name='party member')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='honours', to='orgs.organization', verbose_name='party organization')),
                ('title', models.CharField(max_length=60, verbose_name='honour')),
                ('name', models.CharField(max_length=150, verbose_name='honoured')),
                ('organization_name', models.CharField(max_length=150, verbose_name='party organization')),
                ('number', models.CharField(max_length=12, verbose_name='certificate number')),
                ('decided_on', models.DateField(verbose_name='decided on')),
            ],
            options={
                'verbose_name': 'honour',
                'verbose_name_plural': 'honours',
                'ordering': ('-decided_on', 'batch', 'number'),
                'indexes': [models.Index(fields=['member'], name='honour_of_member'), models.Index(fields=['organization', 'audience'], name='honour_of_organization')],
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['organization', 'member'])), name='honour_audience'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'member'), ('member__isnull', False)), models.Q(('audience', 'organization'), ('member__isnull', True)), _connector='OR'), name='honour_holder'), models.UniqueConstraint(fields=('batch', 'number'), name='honour_number')],
            },
        ),
    ]
