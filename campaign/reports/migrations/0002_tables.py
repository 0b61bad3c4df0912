import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('reports', '0001_initial'), ('reports', '0002_schedules')]

    initial = True

    dependencies = [
        ('jobs', '0001_tables'),
        ('orgs', '0001_tables'),
        ('reports', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='reports.reportschedule')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipient')),
                ('on', models.DateField(verbose_name='day')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job', verbose_name='job')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'delivery of a monthly export',
                'ordering': ('-on', 'user_id'),
                'indexes': [models.Index(fields=['on'], name='delivery_by_day')],
                'constraints': [models.UniqueConstraint(fields=('schedule', 'user', 'on'), name='delivery_once')],
            },
        ),
    ]
