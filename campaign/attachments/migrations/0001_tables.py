import campaign.common.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('attachments', '0001_attachments')]

    initial = True

    dependencies = [
        ('orgs', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(editable=False, max_length=80, unique=True)),
                ('name', models.CharField(max_length=150, verbose_name='file')),
                ('kind', models.CharField(choices=[('pdf', 'PDF document'), ('docx', 'Word document'), ('xlsx', 'Excel workbook'), ('jpeg', 'Photo (JPEG)'), ('png', 'Picture (PNG)')], max_length=4, verbose_name='kind')),
                ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                ('uploaded_at', models.DateTimeField(default=campaign.common.clock.now, verbose_name='uploaded at')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ('uploaded_at', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['pdf', 'docx', 'xlsx', 'jpeg', 'png'])), name='attachment_kind')],
            },
        ),
    ]
