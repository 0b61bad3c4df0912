import campaign.common.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('orgs', '0001_initial'), ('orgs', '0002_member_version_organization_version_and_more'), ('orgs', '0003_history_transfers_leadership_workers'), ('orgs', '0004_deputies'), ('orgs', '0005_sign_in'), ('orgs', '0006_member_events'), ('orgs', '0007_imports_undo'), ('orgs', '0008_structure'), ('orgs', '0009_quality'), ('orgs', '0010_resolved_double'), ('orgs', '0011_member_indexes'), ('orgs', '0012_leaner_indexes'), ('orgs', '0013_account_names')]

    initial = True

    dependencies = [
        ('jobs', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodeSheet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.organization', verbose_name='Organization with all below')),
                ('purpose', models.CharField(choices=[('new', 'New accounts for members without one'), ('again', 'New codes for accounts not used yet')], default='new', max_length=8, verbose_name='purpose')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='code_sheets', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='accounts')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='requested at')),
                ('expires_at', models.DateTimeField(verbose_name='can be printed until')),
            ],
            options={
                'verbose_name': 'sheet of one-time codes',
                'verbose_name_plural': 'sheets of one-time codes',
                'ordering': ('-created_at',),
                'constraints': [models.CheckConstraint(condition=models.Q(('purpose__in', ['new', 'again'])), name='code_sheet_purpose')],
            },
        ),
        migrations.CreateModel(
            name='CodePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='orgs.codesheet')),
                ('number', models.PositiveIntegerField()),
                ('first', models.CharField(max_length=200)),
                ('last', models.CharField(max_length=200)),
                ('count', models.PositiveIntegerField()),
                ('printed_at', models.DateTimeField(null=True)),
                ('cipher', models.TextField()),
            ],
            options={
                'verbose_name': 'part of a sheet',
                'ordering': ('number',),
                'constraints': [models.UniqueConstraint(fields=('sheet', 'number'), name='code_part_number')],
            },
        ),
        migrations.CreateModel(
            name='OneTimeCode',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='one_time_code', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('digest', models.CharField(max_length=64)),
                ('issued_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='issued at')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sheet', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='codes', to='orgs.codesheet')),
            ],
            options={
                'verbose_name': 'one-time code',
            },
        ),
        migrations.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('organizations', 'Party organizations'), ('members', 'Party members'), ('positions', 'Party positions'), ('accounts', 'Accounts')], max_length=16, verbose_name='holds')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization', verbose_name='import for')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                ('state', models.CharField(choices=[('uploaded', 'Being checked'), ('checked', 'Checked, not stored yet'), ('applied', 'Stored'), ('rejected', 'Has mistakes, nothing stored'), ('undone', 'Undone')], default='uploaded', max_length=10, verbose_name='state')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('file_path', models.CharField(blank=True, max_length=120)),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('is_full', models.BooleanField(default=False, verbose_name='complete list')),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('figures', models.JSONField(default=dict)),
                ('problems', models.JSONField(default=list)),
                ('preview', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='uploaded at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='stored at')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone at')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undone by')),
            ],
            options={
                'verbose_name': 'import',
                'ordering': ('-created_at',),
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['organizations', 'members', 'positions', 'accounts'])), name='import_batch_kind'), models.CheckConstraint(condition=models.Q(('state__in', ['uploaded', 'checked', 'applied', 'rejected', 'undone'])), name='import_batch_state')],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='orgs.importbatch')),
                ('place', models.PositiveIntegerField()),
                ('action', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('missing', 'Missing in the file')], max_length=8, verbose_name='what happens')),
                ('row', models.PositiveIntegerField(null=True, verbose_name='row')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('record_id', models.PositiveBigIntegerField(null=True)),
                ('values', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'row of an import',
                'ordering': ('place',),
                'constraints': [models.CheckConstraint(condition=models.Q(('action__in', ['new', 'changed', 'missing'])), name='import_row_action'), models.UniqueConstraint(fields=('batch', 'place'), name='import_row_place')],
            },
        ),
        migrations.CreateModel(
            name='ImportTrace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traces', to='orgs.importbatch')),
                ('content', models.BinaryField()),
            ],
            options={
                'verbose_name': 'trace of an import',
            },
        ),
    ]
