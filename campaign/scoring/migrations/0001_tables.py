import campaign.common.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('scoring', '0001_initial'), ('scoring', '0002_set_based'), ('scoring', '0003_marks'), ('scoring', '0004_freezing'), ('scoring', '0005_entries'), ('scoring', '0006_causes'), ('scoring', '0007_sheet_versions'), ('scoring', '0008_parts')]

    initial = True

    dependencies = [
        ('campaign', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='changed at')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='score_sheets', to='campaign.campaign', verbose_name='campaign')),
                ('key', models.SlugField(max_length=30, verbose_name='key')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('audience', models.CharField(choices=[('organization', 'Organizations'), ('member', 'Members')], max_length=12, verbose_name='for')),
                ('tier', models.CharField(choices=[('siblings', 'Those directly under the same organization'), ('kind', 'All that the sheet is for')], default='siblings', max_length=8, verbose_name='ranked among')),
                ('bonus_cap', models.PositiveIntegerField(default=1000, verbose_name='most bonus marks')),
                ('category', models.CharField(blank=True, choices=[('innovation', 'Innovation and results (front line)'), ('support', 'Support and guarantee (auxiliary)'), ('management', 'Management and service (offices)')], max_length=12, verbose_name='category')),
                ('honour_marks', models.PositiveIntegerField(default=100, verbose_name='bonus for an honour')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_use', 'In use')], default='in_use', max_length=6, verbose_name='state')),
                ('applies_from', models.DateField(blank=True, null=True, verbose_name='counts from')),
                ('revision', models.PositiveIntegerField(default=1, editable=False)),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='first used at')),
            ],
            options={
                'verbose_name': 'score sheet',
                'verbose_name_plural': 'score sheets',
                'ordering': ('campaign', 'audience', 'key', '-version'),
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['organization', 'member'])), name='sheet_audience'), models.CheckConstraint(condition=models.Q(('tier__in', ['siblings', 'kind'])), name='sheet_tier'), models.UniqueConstraint(fields=('campaign', 'key', 'version'), name='sheet_version'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'in_use'])), name='sheet_state'), models.CheckConstraint(condition=models.Q(('category__in', ['innovation', 'support', 'management', ''])), name='sheet_category'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'draft'), _negated=True), ('used_at', None), _connector='OR'), name='sheet_draft_scores_nobody'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('campaign', 'key'), name='sheet_one_draft')],
            },
        ),
        migrations.CreateModel(
            name='ScoreSheetType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='types', to='scoring.scoresheet')),
                ('type', models.CharField(choices=[('committee', 'Party committee'), ('working_committee', 'Party working committee'), ('leading_party_group', 'Party leadership group'), ('general_branch', 'General party branch'), ('branch', 'Party branch'), ('joint_branch', 'Joint party branch'), ('cell', 'Party group (cell)')], max_length=20, verbose_name='type')),
            ],
            options={
                'verbose_name': 'organization type of a score sheet',
                'constraints': [models.CheckConstraint(condition=models.Q(('type__in', ['committee', 'working_committee', 'leading_party_group', 'general_branch', 'branch', 'joint_branch', 'cell'])), name='sheet_type'), models.UniqueConstraint(fields=('sheet', 'type'), name='sheet_type_once')],
            },
        ),
        migrations.CreateModel(
            name='ScoreSheetItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='scoring.scoresheet')),
                ('order', models.PositiveSmallIntegerField(verbose_name='order')),
                ('key', models.SlugField(max_length=40, verbose_name='key')),
                ('label', models.CharField(max_length=60, verbose_name='item')),
                ('column', models.CharField(choices=[('pledge', 'Pledges'), ('review', 'Leader reviews'), ('evaluation', 'Mass evaluation'), ('inspection', 'Inspection'), ('posts', 'Posts'), ('carriers', 'Carriers')], max_length=10, verbose_name='column')),
                ('standard', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='score_items', to='campaign.standard', verbose_name='standard')),
                ('metric', models.CharField(max_length=60, verbose_name='metric')),
                ('method', models.CharField(choices=[('proportional', 'In proportion to the target'), ('banded', 'By bands'), ('per_case', 'Marks off per case'), ('all_or_nothing', 'All or nothing')], max_length=14, verbose_name='method')),
                ('parameters', models.JSONField(default=dict, verbose_name='parameters')),
                ('full_marks', models.PositiveIntegerField(verbose_name='full marks')),
                ('when_nothing', models.CharField(choices=[('zero', 'No marks'), ('skip', 'The item is left out'), ('full', 'Full marks')], default='zero', max_length=4, verbose_name='when there is nothing to measure')),
            ],
            options={
                'verbose_name': 'item of a score sheet',
                'ordering': ('sheet', 'order'),
                'constraints': [models.CheckConstraint(condition=models.Q(('column__in', ['pledge', 'review', 'evaluation', 'inspection', 'posts', 'carriers'])), name='sheet_item_column'), models.CheckConstraint(condition=models.Q(('method__in', ['proportional', 'banded', 'per_case', 'all_or_nothing'])), name='sheet_item_method'), models.CheckConstraint(condition=models.Q(('when_nothing__in', ['zero', 'skip', 'full'])), name='sheet_item_when_nothing'), models.CheckConstraint(condition=models.Q(('full_marks__gt', 0)), name='sheet_item_full_marks'), models.UniqueConstraint(fields=('sheet', 'key'), name='sheet_item_key'), models.UniqueConstraint(fields=('sheet', 'order'), name='sheet_item_order')],
            },
        ),
        migrations.CreateModel(
            name='GradeBand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grades', to='scoring.scoresheet')),
                ('at_least', models.PositiveIntegerField(verbose_name='at least')),
                ('name', models.CharField(max_length=20, verbose_name='grade')),
            ],
            options={
                'verbose_name': 'grade band',
                'ordering': ('sheet', '-at_least'),
                'constraints': [models.UniqueConstraint(fields=('sheet', 'at_least'), name='grade_bound'), models.UniqueConstraint(fields=('sheet', 'name'), name='grade_name')],
            },
        ),
        migrations.CreateModel(
            name='ScoreMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('record', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'mark of changed evidence',
            },
        ),
        migrations.CreateModel(
            name='PeriodPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='campaign.period')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization')),
                ('path', models.CharField(max_length=255)),
                ('type', models.CharField(choices=[('committee', 'Party committee'), ('working_committee', 'Party working committee'), ('leading_party_group', 'Party leadership group'), ('general_branch', 'General party branch'), ('branch', 'Party branch'), ('joint_branch', 'Joint party branch'), ('cell', 'Party group (cell)')], max_length=20)),
                ('category', models.CharField(blank=True, choices=[('innovation', 'Innovation and results (front line)'), ('support', 'Support and guarantee (auxiliary)'), ('management', 'Management and service (offices)')], max_length=12)),
                ('is_active', models.BooleanField()),
            ],
            options={
                'verbose_name': 'place in the tree at the end of a period',
                'constraints': [models.CheckConstraint(condition=models.Q(('type__in', ['committee', 'working_committee', 'leading_party_group', 'general_branch', 'branch', 'joint_branch', 'cell'])), name='period_place_type'), models.CheckConstraint(condition=models.Q(('category__in', ['innovation', 'support', 'management', ''])), name='period_place_category'), models.UniqueConstraint(fields=('period', 'organization'), name='period_place_once'), models.UniqueConstraint(fields=('period', 'path'), name='period_place_path')],
            },
        ),
        migrations.CreateModel(
            name='ScoreDrift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drifts', to='campaign.period')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.member')),
                ('noticed_at', models.DateTimeField(default=campaign.common.clock.now)),
            ],
            options={
                'verbose_name': 'change since freezing',
                'constraints': [models.UniqueConstraint(condition=models.Q(('member', None)), fields=('period', 'organization'), name='score_drift_of_organization'), models.UniqueConstraint(condition=models.Q(('member', None), _negated=True), fields=('period', 'member'), name='score_drift_of_member')],
            },
        ),
    ]
