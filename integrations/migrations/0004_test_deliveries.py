from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0003_letterheads'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(choices=[('reply', 'Reply'), ('acknowledgement', 'Acknowledgement'), ('notification', 'Notification'), ('account', 'Sign-in and account'), ('test', 'Test')], max_length=16),
        ),
    ]
