import campaign.common.clock
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('reports', '0001_initial'), ('reports', '0002_schedules')]

    initial = True

    dependencies = [
        ('campaign', '0001_tables'),
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.CharField(max_length=60, verbose_name='report')),
                ('lines', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'wording of a form',
                'constraints': [models.UniqueConstraint(fields=('user', 'report'), name='wording_once')],
            },
        ),
        migrations.CreateModel(
            name='ReportView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.CharField(max_length=60, verbose_name='report')),
                ('name', models.CharField(max_length=40, verbose_name='name of the view')),
                ('columns', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'view of a report',
                'constraints': [models.UniqueConstraint(fields=('user', 'report', 'name'), name='report_view_once')],
            },
        ),
        migrations.CreateModel(
            name='ReportSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='report_schedules', to=settings.AUTH_USER_MODEL, verbose_name='set up by')),
                ('report', models.CharField(max_length=60, verbose_name='report')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization', verbose_name='party organization')),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaign.campaign', verbose_name='campaign')),
                ('options', models.JSONField(default=dict)),
                ('columns', models.JSONField(default=list)),
                ('format', models.CharField(default='xlsx', max_length=4, verbose_name='File')),
                ('day', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)], verbose_name='day of the month')),
                ('state', models.CharField(choices=[('active', 'Running'), ('paused', 'Paused'), ('ended', 'Ended')], default='active', max_length=10, verbose_name='state')),
                ('next_on', models.DateField(verbose_name='next on')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, editable=False, verbose_name='created at')),
                ('recipients', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipients')),
            ],
            options={
                'verbose_name': 'monthly export',
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(condition=models.Q(('state', 'active')), fields=['next_on'], name='schedule_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused', 'ended'])), name='schedule_state'), models.CheckConstraint(condition=models.Q(('day__gte', 1), ('day__lte', 31)), name='schedule_day')],
            },
        ),
    ]
