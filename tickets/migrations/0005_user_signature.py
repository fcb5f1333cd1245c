from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0004_message_templates'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='signature',
            field=models.TextField(blank=True, help_text='Stands under your replies by mail, in Markdown. {{agent.name}}, {{agent.first_name}} and {{queue.name}} are filled in.', max_length=2000, verbose_name='signature'),
        ),
    ]
