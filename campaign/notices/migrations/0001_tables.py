import campaign.common.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('notices', '0001_initial')]

    initial = True

    dependencies = [
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('rule', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=80)),
                ('text', models.CharField(max_length=300, verbose_name='text')),
                ('url', models.CharField(max_length=300)),
                ('due_on', models.DateField(verbose_name='due on')),
                ('created_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='time')),
                ('read_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'reminder',
                'ordering': ('due_on', 'pk'),
                'indexes': [models.Index(fields=['user', 'read_at'], name='notice_of_user')],
                'constraints': [models.UniqueConstraint(fields=('user', 'rule', 'subject'), name='notice_once')],
            },
        ),
    ]
