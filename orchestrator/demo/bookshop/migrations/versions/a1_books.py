"""The books on the shelf."""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.create_table("book", sa.Column("isbn", sa.Text, primary_key=True), sa.Column("title", sa.Text))


def downgrade() -> None:
    op.drop_table("book")
