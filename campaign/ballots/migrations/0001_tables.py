import campaign.ballots.models.tallies
import campaign.common.clock
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('ballots', '0001_initial'), ('ballots', '0002_standards_and_pools'), ('ballots', '0003_slips_and_paper'), ('ballots', '0004_struck_papers')]

    initial = True

    dependencies = [
        ('campaign', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Ballot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('state', models.CharField(choices=[('draft', 'Being prepared'), ('open', 'Open'), ('sealed', 'Sealed'), ('cancelled', 'Cancelled')], default='draft', max_length=9, verbose_name='state')),
                ('opens_at', models.DateTimeField(verbose_name='opens at')),
                ('closes_at', models.DateTimeField(verbose_name='closes at')),
                ('k', models.PositiveSmallIntegerField(default=5, verbose_name='smallest number of ballots shown on its own')),
                ('minimum_turnout', models.PositiveSmallIntegerField(default=5000, verbose_name='turnout must exceed')),
                ('leave_out_empty', models.BooleanField(default=False, verbose_name='leave out classes without raters')),
                ('uniform_refused', models.BooleanField(default=False, verbose_name='papers with one and the same answer throughout are handed back')),
                ('best_most', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='how many may get the best mark in a question')),
                ('asks_remarks', models.BooleanField(default=False, verbose_name='asks for remarks')),
                ('slots', models.PositiveSmallIntegerField(default=1, editable=False)),
                ('roll_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('opened_at', models.DateTimeField(editable=False, null=True, verbose_name='opened at')),
                ('sealed_at', models.DateTimeField(editable=False, null=True, verbose_name='sealed at')),
                ('cleaned_at', models.DateTimeField(editable=False, null=True)),
                ('marks_deleted_at', models.DateTimeField(editable=False, null=True)),
                ('turnout', models.JSONField(default=dict, editable=False)),
                ('turnout_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'ballot',
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'open', 'sealed', 'cancelled'])), name='ballot_state'), models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('opens_at'))), name='ballot_times'), models.CheckConstraint(condition=models.Q(('k__gte', 3)), name='ballot_k'), models.CheckConstraint(condition=models.Q(('minimum_turnout__lt', 10000)), name='ballot_minimum_turnout'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('open', 'sealed')), _negated=True), models.Q(('opened_at__isnull', False), models.Q(('roll_digest', ''), _negated=True)), _connector='OR'), name='ballot_opened'), models.CheckConstraint(condition=models.Q(models.Q(('sealed_at__isnull', False), ('state', 'sealed')), models.Q(models.Q(('state', 'sealed'), _negated=True), ('sealed_at', None)), _connector='OR'), name='ballot_sealed')],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='ballots.ballot')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
                ('text', models.CharField(max_length=200, verbose_name='text')),
                ('weight', models.PositiveSmallIntegerField(default=1, verbose_name='weight')),
                ('standard', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaign.standard', verbose_name='standard')),
            ],
            options={
                'verbose_name': 'item',
                'ordering': ('ballot', 'order'),
                'constraints': [models.UniqueConstraint(fields=('ballot', 'order'), name='ballot_item_order'), models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='ballot_item_weight')],
            },
        ),
        migrations.CreateModel(
            name='Choice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='choices', to='ballots.ballot')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
                ('label', models.CharField(max_length=30, verbose_name='label')),
                ('worth', models.PositiveSmallIntegerField(verbose_name='worth')),
                ('is_satisfied', models.BooleanField(verbose_name='counts as satisfied')),
            ],
            options={
                'verbose_name': 'choice',
                'ordering': ('ballot', 'order'),
                'constraints': [models.UniqueConstraint(fields=('ballot', 'order'), name='ballot_choice_order'), models.CheckConstraint(condition=models.Q(('worth__lte', 100)), name='ballot_choice_worth')],
            },
        ),
        migrations.CreateModel(
            name='RaterClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='classes', to='ballots.ballot')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
                ('key', models.CharField(max_length=10, verbose_name='key')),
                ('name', models.CharField(max_length=30, verbose_name='name')),
                ('weight', models.PositiveSmallIntegerField(verbose_name='weight')),
            ],
            options={
                'verbose_name': 'rater class',
                'ordering': ('ballot', 'order'),
                'constraints': [models.UniqueConstraint(fields=('ballot', 'key'), name='ballot_class_key'), models.CheckConstraint(condition=models.Q(('weight__gte', 1), ('weight__lte', 10000)), name='ballot_class_weight')],
            },
        ),
        migrations.CreateModel(
            name='Subject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subjects', to='ballots.ballot')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12, verbose_name='subject')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.organization', verbose_name='party organization')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.member', verbose_name='party member')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('counted_with', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pooled', to='ballots.subject', verbose_name='counted together with')),
                ('classes_pooled', models.BooleanField(default=False, verbose_name='classes counted together')),
            ],
            options={
                'verbose_name': 'subject of a ballot',
                'ordering': ('ballot', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['organization', 'member'])), name='ballot_subject_audience'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'member'), ('member__isnull', False)), models.Q(('audience', 'organization'), ('member__isnull', True)), _connector='OR'), name='ballot_subject_kind'), models.UniqueConstraint(condition=models.Q(('member', None)), fields=('ballot', 'organization'), name='ballot_subject_organization'), models.UniqueConstraint(condition=models.Q(('member__isnull', False)), fields=('ballot', 'member'), name='ballot_subject_member')],
            },
        ),
        migrations.CreateModel(
            name='Slate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slates', to='ballots.ballot')),
                ('subjects', models.ManyToManyField(related_name='slates', to='ballots.subject')),
            ],
            options={
                'verbose_name': 'list of subjects',
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='ballots.ballot')),
                ('channel', models.CharField(choices=[('slip', 'Slips with a code'), ('paper', 'Paper ballots')], max_length=5, verbose_name='how they vote')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='ballots.raterclass')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.organization', verbose_name='unit')),
                ('slate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='ballots.slate')),
                ('count', models.PositiveIntegerField(verbose_name='number')),
                ('cipher', models.TextField(blank=True, editable=False)),
                ('printed_at', models.DateTimeField(editable=False, null=True, verbose_name='printed at')),
                ('blocked_at', models.DateTimeField(editable=False, null=True, verbose_name='blocked at')),
            ],
            options={
                'verbose_name': 'batch of ballot papers',
                'ordering': ('ballot', 'organization__path', 'rater_class__order', 'channel'),
                'constraints': [models.CheckConstraint(condition=models.Q(('channel__in', ['slip', 'paper'])), name='batch_channel'), models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='batch_count'), models.CheckConstraint(condition=models.Q(('channel', 'slip'), models.Q(('cipher', ''), ('blocked_at', None), ('printed_at', None)), _connector='OR'), name='batch_codes'), models.UniqueConstraint(fields=('ballot', 'channel', 'rater_class', 'organization'), name='batch_once')],
            },
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.ballot')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.raterclass')),
                ('voter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.batch')),
                ('slate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.slate')),
                ('own', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('marked', models.BooleanField(default=False)),
                ('digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('struck', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'ballot paper',
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('ballot', 'voter'), name='paper_once'), models.CheckConstraint(condition=models.Q(models.Q(('batch', None), ('voter__isnull', False)), models.Q(('batch__isnull', False), ('own', None), ('voter', None)), _connector='OR'), name='paper_held'), models.CheckConstraint(condition=models.Q(('digest', None), ('batch__isnull', False), _connector='OR'), name='paper_code')],
            },
        ),
        migrations.CreateModel(
            name='SealedPaper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.ballot')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.raterclass')),
                ('voter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.batch')),
                ('slate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ballots.slate')),
                ('own', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('marked', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'sealed ballot paper',
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('ballot', 'voter'), name='sealedpaper_once'), models.CheckConstraint(condition=models.Q(models.Q(('batch', None), ('voter__isnull', False)), models.Q(('batch__isnull', False), ('own', None), ('voter', None)), _connector='OR'), name='sealedpaper_held')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.ballot')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.raterclass')),
                ('counts', campaign.ballots.models.tallies.CountsField()),
                ('slot', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'tally',
                'constraints': [models.UniqueConstraint(fields=('rater_class', 'subject', 'slot'), name='tally_slot')],
            },
        ),
        migrations.CreateModel(
            name='SealedTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.ballot')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.raterclass')),
                ('counts', campaign.ballots.models.tallies.CountsField()),
                ('entitled', models.PositiveIntegerField(default=0)),
                ('marked', models.PositiveIntegerField(default=0)),
                ('issued', models.PositiveIntegerField(default=0)),
                ('valid', models.PositiveIntegerField(default=0)),
                ('invalid', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'sealed tally',
                'constraints': [models.UniqueConstraint(fields=('rater_class', 'subject'), name='sealed_tally_once')],
            },
        ),
        migrations.CreateModel(
            name='Remark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.ballot')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('text', models.TextField(verbose_name='remark')),
            ],
            options={
                'verbose_name': 'remark',
            },
        ),
        migrations.CreateModel(
            name='SealedRemark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.ballot')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ballots.subject')),
                ('text', models.TextField(verbose_name='remark')),
            ],
            options={
                'verbose_name': 'sealed remark',
            },
        ),
        migrations.CreateModel(
            name='PaperCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='paper_counts', to='ballots.ballot')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='paper_counts', to='ballots.subject')),
                ('rater_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='paper_counts', to='ballots.raterclass')),
                ('counter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issued', models.PositiveIntegerField(verbose_name='issued')),
                ('returned', models.PositiveIntegerField(verbose_name='returned')),
                ('valid', models.PositiveIntegerField(verbose_name='valid')),
                ('invalid', models.PositiveIntegerField(verbose_name='invalid')),
                ('counts', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'count of ballots on paper',
                'constraints': [models.UniqueConstraint(fields=('subject', 'rater_class', 'counter'), name='paper_count_once'), models.CheckConstraint(condition=models.Q(('returned', django.db.models.expressions.CombinedExpression(models.F('valid'), '+', models.F('invalid')))), name='paper_count_sum')],
            },
        ),
        migrations.CreateModel(
            name='Result',
            fields=[
                ('subject', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='result', serialize=False, to='ballots.subject')),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='ballots.ballot')),
                ('verdict', models.CharField(choices=[('valid', 'Valid'), ('invalid', 'Invalid')], max_length=7, verbose_name='verdict')),
                ('reason', models.CharField(blank=True, choices=[('turnout', 'The turnout was too low'), ('overfull', 'More ballots were returned than issued')], max_length=8)),
                ('entitled', models.PositiveIntegerField(verbose_name='entitled')),
                ('returned', models.PositiveIntegerField(null=True, verbose_name='returned')),
                ('total_kind', models.CharField(choices=[('answered', 'Shown'), ('hidden', 'Too few ballots to be shown'), ('empty', 'No answers')], max_length=8)),
                ('total', models.PositiveIntegerField(null=True, verbose_name='total score')),
                ('satisfaction_kind', models.CharField(choices=[('answered', 'Shown'), ('hidden', 'Too few ballots to be shown'), ('empty', 'No answers')], max_length=8)),
                ('satisfaction', models.PositiveIntegerField(null=True, verbose_name='satisfaction')),
                ('classes', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'result',
                'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['valid', 'invalid'])), name='result_verdict'), models.CheckConstraint(condition=models.Q(('reason__in', ['turnout', 'overfull', ''])), name='result_reason'), models.CheckConstraint(condition=models.Q(('total_kind__in', ['answered', 'hidden', 'empty'])), name='result_total_kind'), models.CheckConstraint(condition=models.Q(('satisfaction_kind__in', ['answered', 'hidden', 'empty'])), name='result_satisfaction_kind'), models.CheckConstraint(condition=models.Q(models.Q(('total__lte', 10000), ('total_kind', 'answered')), models.Q(models.Q(('total_kind', 'answered'), _negated=True), ('total', None)), _connector='OR'), name='result_total'), models.CheckConstraint(condition=models.Q(models.Q(('satisfaction__lte', 10000), ('satisfaction_kind', 'answered')), models.Q(models.Q(('satisfaction_kind', 'answered'), _negated=True), ('satisfaction', None)), _connector='OR'), name='result_satisfaction'), models.CheckConstraint(condition=models.Q(('verdict', 'valid'), models.Q(('total', None), ('satisfaction', None)), _connector='OR'), name='result_invalid')],
            },
        ),
    ]
