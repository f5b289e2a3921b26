"""Small applications with a database, for tests that run their migrations."""

ENV = """import os
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""


def revision(name: str, parent: str, *steps: str) -> str:
    said = f'"{parent}"' if parent else "None"
    body = "".join(f"    {step}\n" for step in steps)
    return f'''"""{name}

Revision ID: {name}
Revises: {parent}
"""
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {said}


def upgrade():
{body}

def downgrade():
    pass
'''


ALEMBIC = {
    "alembic.ini": "[alembic]\nscript_location = migrations\npath_separator = os\n",
    "migrations/env.py": ENV,
    "migrations/versions/a1_orders.py": revision(
        "a1", "", "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
    ),
    ".gitignore": "__pycache__/\n*.db\n",
}

_SETTINGS = """SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
_MANAGE = """import os
import sys
from django.core.management import execute_from_command_line

sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""


def django_migration(parent: str, field: str) -> str:
    return f"""from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "{parent}")]

    operations = [migrations.AddField("order", "{field}", models.TextField(default=""))]
"""


DJANGO = {
    "settings.py": _SETTINGS,
    "manage.py": _MANAGE,
    "shop/__init__.py": "",
    "shop/models.py": "",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [migrations.CreateModel("Order", [("id", models.AutoField(primary_key=True))])]
""",
    ".gitignore": "__pycache__/\n",
}
