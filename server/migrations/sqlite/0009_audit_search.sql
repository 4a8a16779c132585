-- Who reads the log looks at one room or one session, newest first.

CREATE INDEX audit_event_room ON audit_event (tenant, room, at) WHERE room IS NOT NULL;
CREATE INDEX audit_event_session ON audit_event (tenant, session, at) WHERE session IS NOT NULL;
