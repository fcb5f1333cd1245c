"""Messages and events never change: the database itself refuses (security.md C13).

Also gives each event the id of its transaction, so that followers can tell which rows are
settled (`decisions.md`, Event).
"""

from django.db import migrations

FORWARD = """
ALTER TABLE tickets_event
    ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION tickets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('helpdesk.redacting', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER tickets_message_append_only BEFORE UPDATE OR DELETE ON tickets_message
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER tickets_event_append_only BEFORE UPDATE OR DELETE ON tickets_event
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER tickets_annotation_append_only BEFORE UPDATE OR DELETE ON tickets_annotation
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
"""

BACKWARD = """
DROP TRIGGER tickets_annotation_append_only ON tickets_annotation;
DROP TRIGGER tickets_event_append_only ON tickets_event;
DROP TRIGGER tickets_message_append_only ON tickets_message;
DROP FUNCTION tickets_refuse_change();
ALTER TABLE tickets_event DROP COLUMN txid;
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_start")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
